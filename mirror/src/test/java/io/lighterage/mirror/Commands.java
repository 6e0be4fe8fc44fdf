package io.lighterage.mirror;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Runs the real tools that tests meet.
final class Commands {
    private Commands() {}

    record Result(int exit, String output) {}

    static void assumeInstalled(String tool) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        boolean found =
                Stream.of(path.split(File.pathSeparator)).anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
        Assumptions.assumeTrue(found, tool + " is not installed; its interop test is skipped");
    }

    static Result run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Result(process.waitFor(), output);
    }

    /// Makes a key store with a self-signed certificate for 127.0.0.1 and localhost.
    static void selfSigned(Path keyStore, String password) throws IOException, InterruptedException {
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Result made = run(
                keytool,
                "-genkeypair",
                "-alias",
                "mirror",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-validity",
                "3650",
                "-ext",
                "san=ip:127.0.0.1,dns:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                keyStore.toString(),
                "-storepass",
                password);
        if (made.exit() != 0) {
            throw new IOException("keytool failed: " + made.output());
        }
    }

    /// Writes the key store's certificate as PEM, for clients that are to trust it.
    static void exportCertificate(Path keyStore, String password, Path pem) throws IOException, InterruptedException {
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Result made = run(
                keytool,
                "-exportcert",
                "-rfc",
                "-alias",
                "mirror",
                "-keystore",
                keyStore.toString(),
                "-storepass",
                password,
                "-file",
                pem.toString());
        if (made.exit() != 0) {
            throw new IOException("keytool failed: " + made.output());
        }
    }
}
