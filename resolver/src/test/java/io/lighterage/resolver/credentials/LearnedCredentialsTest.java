package io.lighterage.resolver.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.resolver.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearnedCredentialsTest {
    private static final Credential ONE = new Credential.Password("ann", "s3cret-one");
    private static final Credential TWO = new Credential.IdentityToken("s3cret-two");
    private static final Reference IMAGE = Reference.parse("r.example:5000/a/b:1");

    @TempDir
    Path folder;

    private static List<Credential> of(LearnedCredentials learned) {
        return learned.findAll("r.example:5000", "a/b");
    }

    @Test
    void theNewestComesFirstAndOfEachRepositoryALimitedNumberIsKept() {
        LearnedCredentials learned = LearnedCredentials.open(folder);
        learned.learn(IMAGE, ONE);
        learned.learn(IMAGE, TWO);
        assertThat(of(learned)).containsExactly(TWO, ONE);
        learned.learn(IMAGE, ONE);
        assertThat(of(learned)).containsExactly(ONE, TWO);
        assertThat(learned.findAll("r.example:5000", "a/c")).isEmpty();
        for (int i = 0; i < 20; i++) {
            learned.learn(IMAGE, new Credential.RegistryToken("t" + i));
        }
        assertThat(of(learned)).hasSize(LearnedCredentials.MOST_PER_REPOSITORY);
    }

    @Test
    void theNextProcessKnowsThemAndTheFilesShowNothing() throws Exception {
        LearnedCredentials learned = LearnedCredentials.open(folder);
        learned.learn(IMAGE, ONE);
        learned.learn(IMAGE, TWO);
        learned.learn(IMAGE, new Credential.RegistryToken("s3cret-three"));
        assertThat(of(LearnedCredentials.open(folder))).isEqualTo(of(learned)).hasSize(3);
        for (String name : List.of("key", "learned")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
                    .isEqualTo("rw-------");
            assertThat(Files.readString(folder.resolve(name), StandardCharsets.ISO_8859_1))
                    .doesNotContain("s3cret", "r.example");
        }
        assertThat(learned.toString()).doesNotContain("s3cret");
    }

    @Test
    void aFileThatCannotBeReadIsPassedOverAndReplaced() throws Exception {
        LearnedCredentials.open(folder).learn(IMAGE, ONE);
        byte[] whole = Files.readAllBytes(folder.resolve("learned"));
        for (int at : new int[] {0, 10, whole.length - 1}) {
            byte[] changed = whole.clone();
            changed[at] ^= 1;
            Files.write(folder.resolve("learned"), changed);
            assertThat(of(LearnedCredentials.open(folder))).isEmpty();
        }
        Files.write(folder.resolve("learned"), new byte[0]);
        assertThat(of(LearnedCredentials.open(folder))).isEmpty();
        Files.write(folder.resolve("learned"), whole);
        Files.write(folder.resolve("key"), new byte[3]);
        LearnedCredentials learned = LearnedCredentials.open(folder);
        assertThat(of(learned)).isEmpty();
        learned.learn(IMAGE, TWO);
        assertThat(of(LearnedCredentials.open(folder))).containsExactly(TWO);
    }

    @Test
    void aCredentialIsForTheServerItNames() {
        String auth = Base64.getEncoder().encodeToString("ann:p:w".getBytes(StandardCharsets.UTF_8));
        Reference hub = Reference.parse("debian");
        assertThat(new PullAuth("", "", auth, "https://index.docker.io/v1/", "", "").credentialFor(hub))
                .contains(new Credential.Password("ann", "p:w"));
        assertThat(new PullAuth("ann", "pw", "", "docker.io", "", "").credentialFor(hub))
                .isPresent();
        assertThat(new PullAuth("ann", "pw", "", "other.example", "", "").credentialFor(hub))
                .isEmpty();
        assertThat(new PullAuth("", "", "", "R.example:5000", "id", "").credentialFor(IMAGE))
                .contains(new Credential.IdentityToken("id"));
        assertThat(new PullAuth("", "", "", "", "", "tok").credentialFor(IMAGE))
                .contains(new Credential.RegistryToken("tok"));
        assertThat(new PullAuth("", "", "not base64!", "", "", "").credentialFor(IMAGE))
                .isEmpty();
        assertThat(new PullAuth("ann", "s3cret", auth, "", "s3cret", "s3cret").toString())
                .doesNotContain("s3cret", auth);
    }
}
