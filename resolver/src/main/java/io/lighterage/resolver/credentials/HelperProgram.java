package io.lighterage.resolver.credentials;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Speaks Docker's credential helper protocol: runs `docker-credential-NAME get`, writes the server to its standard
/// input and reads `{"ServerURL","Username","Secret"}` from its standard output.
///
/// The user name `<token>` marks the secret as an identity token. A helper that does not know the server exits with 1
/// and says so on standard output, which means anonymous access.
final class HelperProgram {
    /// A helper may have to unlock a keychain or ask a cloud; one that takes longer hangs.
    static final Duration TIME_LIMIT = Duration.ofSeconds(30);

    private static final int MAX_OUTPUT = 1 << 20;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    private final String name;
    private final Map<String, String> environment;
    private final Duration timeLimit;

    HelperProgram(String name, Map<String, String> environment) {
        this(name, environment, TIME_LIMIT);
    }

    HelperProgram(String name, Map<String, String> environment, Duration timeLimit) {
        if (!NAME.matcher(name).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "credential helper name '" + name.replaceAll("\\p{Cntrl}", "?")
                            + "' is not valid; expected the part after docker-credential-");
        }
        this.name = "docker-credential-" + name;
        this.environment = environment;
        this.timeLimit = timeLimit;
    }

    /// What a user name and a secret from a helper or a file stand for.
    static Credential credential(String user, String secret) {
        return user.isEmpty() || user.equals("<token>")
                ? new Credential.IdentityToken(secret)
                : new Credential.Password(user, secret);
    }

    Optional<Credential> get(String server) {
        ProcessBuilder builder = new ProcessBuilder(executable().toString(), "get");
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw failed(server, "cannot be started: " + e.getMessage(), e);
        }
        try {
            FutureTask<String> output = new FutureTask<>(() -> readAll(process.getInputStream()));
            Thread.ofVirtual().name(name).start(output);
            send(process, server);
            if (!process.waitFor(timeLimit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failed(server, "did not answer within " + timeLimit.toSeconds() + " s", null);
            }
            String text = output.get(timeLimit.toMillis(), TimeUnit.MILLISECONDS);
            return process.exitValue() == 0 ? parse(server, text) : refused(server, process.exitValue(), text);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for " + name, e);
        } catch (TimeoutException e) {
            throw failed(server, "left its output open", e);
        } catch (ExecutionException e) {
            throw failed(server, "gave no readable answer", e.getCause());
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /// A helper that exits without reading its input breaks the pipe; its exit code then says why.
    private void send(Process process, String server) {
        try (OutputStream in = process.getOutputStream()) {
            in.write(server.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            System.getLogger(HelperProgram.class.getName())
                    .log(System.Logger.Level.DEBUG, name + " did not read its input", e);
        }
    }

    private static String readAll(InputStream in) throws IOException {
        return new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
    }

    private Optional<Credential> parse(String server, String text) {
        JsonNode answer;
        try {
            answer = JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw failed(server, "answered something that is not JSON", null); // the text may hold the secret
        }
        String secret = answer.path("Secret").asString("");
        String user = answer.path("Username").asString("");
        return secret.isEmpty() && user.isEmpty() ? Optional.empty() : Optional.of(credential(user, secret));
    }

    private Optional<Credential> refused(String server, int exit, String text) {
        if (text.contains("credentials not found in native keychain")) {
            return Optional.empty();
        }
        String said = text.strip().replaceAll("\\p{Cntrl}+", " ");
        throw failed(
                server,
                "ended with " + exit + ": " + (said.length() > 200 ? said.substring(0, 200) + "…" : said),
                null);
    }

    /// The JVM would search its own PATH; the one that counts is the configured one.
    private Path executable() {
        String path = environment.getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (String folder : path.split(File.pathSeparator)) {
            if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
                return Path.of(folder, name);
            }
        }
        throw new ImageException(
                ErrorKind.UNAUTHENTICATED,
                "credential helper " + name + " is not on the PATH; install it, remove it from the Docker"
                        + " configuration, or give credentials with --creds");
    }

    private ImageException failed(String server, String what, @Nullable Throwable cause) {
        return new ImageException(
                ErrorKind.UNAUTHENTICATED,
                "credential helper " + name + " " + what + " (asked for " + server
                        + "); run it by hand, or give credentials with --creds",
                cause);
    }
}
