package io.lighterage.resolver.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Configs;
import io.lighterage.resolver.credentials.Credential.IdentityToken;
import io.lighterage.resolver.credentials.Credential.Password;
import io.lighterage.resolver.credentials.Credential.RegistryToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CredentialsTest {
    @TempDir
    Path temp;

    @Test
    void explicitCredentialsAreForEveryRegistry() {
        assertThat(Credentials.of(Configs.withCredentials("me:a:b")).find("anywhere", "x"))
                .contains(new Password("me", "a:b"));
        ImageException failure =
                catchThrowableOfType(ImageException.class, () -> Credentials.of(Configs.withCredentials("s3cret")));
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(failure).hasMessageNotContaining("s3cret");
    }

    @Test
    void everyFormOfAnEntryIsRead() {
        String document = "{\"auths\":{\"a.io\":{\"auth\":\"" + base64("me:s3:cret") + "\"},"
                + "\"https://b.io/v2/\":{\"username\":\"me\",\"password\":\"x\"},"
                + "\"c.io\":{\"auth\":\"" + base64("me:") + "\",\"identitytoken\":\"idid\"},"
                + "\"d.io\":{\"registrytoken\":\"rere\"},"
                + "\"e.io\":{\"auth\":\"" + base64("<token>:idid") + "\"},"
                + "\"f.io\":{},"
                + "\"https://index.docker.io/v1/\":{\"auth\":\"" + base64("hub:x") + "\"}}}";
        assertThat(find(document, "a.io")).contains(new Password("me", "s3:cret"));
        assertThat(find(document, "b.io")).contains(new Password("me", "x"));
        assertThat(find(document, "c.io")).contains(new IdentityToken("idid"));
        assertThat(find(document, "d.io")).contains(new RegistryToken("rere"));
        assertThat(find(document, "e.io")).contains(new IdentityToken("idid"));
        assertThat(find(document, "f.io")).isEmpty();
        assertThat(find(document, "docker.io")).contains(new Password("hub", "x"));
        assertThat(find(document, "other.io")).isEmpty();
    }

    @Test
    void theLongestPathWins() {
        String document = "{\"auths\":{\"a.io\":{\"auth\":\"" + base64("all:x") + "\"},"
                + "\"a.io/org\":{\"auth\":\"" + base64("org:x") + "\"},"
                + "\"a.io/org/repo\":{\"auth\":\"" + base64("repo:x") + "\"}}}";
        CredentialSource source = AuthDocument.parse(document, "test", Map.of());
        assertThat(source.find("a.io", "org/repo")).contains(new Password("repo", "x"));
        assertThat(source.find("a.io", "org/other")).contains(new Password("org", "x"));
        assertThat(source.find("a.io", "organisation/x")).contains(new Password("all", "x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"auths\":{\"a.io\":{\"auth\":\"s3cret!\"}}}",
                "{\"auths\":{\"a.io\":{\"auth\":\"czNjcmV0\"}}}",
                "{\"auths\":{\"a.io\":\"s3cret\"}}",
                "{\"auths\":[\"s3cret\"]}",
                "s3cret",
                "[]",
                "{\"auths\":{\"a.io\":{\"auth\":s3cret}}}",
                "{\"credHelpers\":{\"a.io\":\"../../bin/sh\"}}"
            })
    void aMalformedFileIsNamedAndNotQuoted(String text) throws IOException {
        Path file = Files.writeString(temp.resolve("auth.json"), text);
        CredentialSource source = Credentials.of(Configs.withAuthFile(file));
        ImageException failure = catchThrowableOfType(ImageException.class, () -> source.find("a.io", "x"));
        assertThat(failure.kind()).isEqualTo(ErrorKind.INVALID);
        assertThat(failure).hasMessageNotContaining("s3cret").hasMessageNotContaining("czNj");
    }

    @Test
    void aMissingFileMattersOnlyWhenItWasAskedFor() {
        CredentialSource asked = Credentials.of(Configs.withAuthFile(temp.resolve("none.json")));
        assertThat(catchThrowableOfType(ImageException.class, () -> asked.find("a.io", "x"))
                        .kind())
                .isEqualTo(ErrorKind.NOT_FOUND);
        CredentialSource usual = Credentials.of(
                Configs.withEnvironment(Map.of("DOCKER_CONFIG", temp.toString(), "XDG_RUNTIME_DIR", temp.toString())));
        assertThat(usual.find("a.io", "x")).isEmpty();
    }

    @Test
    void theUsualPlacesAreAskedInOrder() throws IOException {
        Files.createDirectories(temp.resolve("run/containers"));
        Files.createDirectories(temp.resolve("home/.docker"));
        write("run/containers/auth.json", "podman.io", "podman");
        write("home/.docker/config.json", "home.io", "home");
        write("config.json", "docker.io", "docker");
        Map<String, String> environment = Map.of(
                "DOCKER_AUTH_CONFIG", "{\"auths\":{\"env.io\":{\"auth\":\"" + base64("env:x") + "\"}}}",
                "XDG_RUNTIME_DIR", temp.resolve("run").toString(),
                "HOME", temp.resolve("home").toString());
        CredentialSource source = Credentials.of(Configs.withEnvironment(environment));
        assertThat(source.find("env.io", "x")).contains(new Password("env", "x"));
        assertThat(source.find("podman.io", "x")).contains(new Password("podman", "x"));
        assertThat(source.find("home.io", "x")).contains(new Password("home", "x"));
        CredentialSource docker = Credentials.of(Configs.withEnvironment(Map.of("DOCKER_CONFIG", temp.toString())));
        assertThat(docker.find("docker.io", "x")).contains(new Password("docker", "x"));
    }

    @Test
    void helpersBeatTheStoreAndTheStoreBeatsTheFile() throws IOException {
        helper("one", "read host; echo '{\"ServerURL\":\"x\",\"Username\":\"'$host'\",\"Secret\":\"one\"}'");
        helper("all", "read host; echo '{\"Username\":\"<token>\",\"Secret\":\"'$host'\"}'");
        String document = "{\"credHelpers\":{\"a.io\":\"one\"},\"credsStore\":\"all\",\"auths\":{\"a.io\":{},"
                + "\"b.io\":{\"auth\":\"" + base64("file:x") + "\"}}}";
        assertThat(find(document, "a.io")).contains(new Password("a.io", "one"));
        assertThat(find(document, "b.io")).contains(new IdentityToken("b.io"));
        assertThat(find(document, "docker.io")).contains(new IdentityToken("https://index.docker.io/v1/"));
    }

    @Test
    void aHelperThatKnowsNothingMeansTheFileOrNobody() throws IOException {
        helper("empty", "echo 'credentials not found in native keychain'; exit 1");
        String document = "{\"credsStore\":\"empty\",\"auths\":{\"b.io\":{\"auth\":\"" + base64("file:x") + "\"}}}";
        assertThat(find(document, "a.io")).isEmpty();
        assertThat(find(document, "b.io")).contains(new Password("file", "x"));
    }

    @Test
    void aHelperThatFailsIsNamed() throws IOException {
        helper("bad", "echo 'the keychain is locked'; exit 2");
        ImageException failed = failure("{\"credsStore\":\"bad\"}");
        assertThat(failed.kind()).isEqualTo(ErrorKind.UNAUTHENTICATED);
        assertThat(failed).hasMessageContaining("docker-credential-bad").hasMessageContaining("locked");
        helper("babble", "echo s3cret");
        assertThat(failure("{\"credsStore\":\"babble\"}")).hasMessageNotContaining("s3cret");
        assertThat(failure("{\"credsStore\":\"absent\"}")).hasMessageContaining("not on the PATH");
    }

    @Test
    void aHelperThatHangsIsEnded() throws IOException {
        helper("slow", "exec sleep 600");
        HelperProgram helper = new HelperProgram("slow", environment(), Duration.ofMillis(200));
        ImageException failure = catchThrowableOfType(ImageException.class, () -> helper.get("a.io"));
        assertThat(failure).hasMessageContaining("did not answer");
    }

    @Test
    void secretsAreNotPrinted() {
        assertThat(new Password("me", "s3cret").toString() + new IdentityToken("s3cret") + new RegistryToken("s3cret"))
                .doesNotContain("s3cret");
    }

    private ImageException failure(String document) {
        return catchThrowableOfType(ImageException.class, () -> find(document, "a.io"));
    }

    private Optional<Credential> find(String document, String domain) {
        return AuthDocument.parse(document, "test", environment()).find(domain, "library/x");
    }

    private Map<String, String> environment() {
        return Map.of("PATH", temp + ":/usr/bin:/bin");
    }

    private void helper(String name, String script) throws IOException {
        Path file = Files.writeString(temp.resolve("docker-credential-" + name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void write(String file, String host, String user) throws IOException {
        Files.writeString(
                temp.resolve(file), "{\"auths\":{\"" + host + "\":{\"auth\":\"" + base64(user + ":x") + "\"}}}");
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
