package io.lighterage.runtime.bundle;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.linux.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A root file system with Debian's static busybox and nothing else.
final class BusyboxRoot {
    private static final List<String> APPLETS =
            List.of("sh", "echo", "sleep", "cat", "id", "ls", "ip", "ping", "hostname", "touch", "wget", "true");

    private BusyboxRoot() {}

    /// Skips the test, saying why, where no container can be made.
    static void requireContainers() {
        assumeTrue(Credentials.effectiveUid() == 0, "needs root to make containers");
        assumeTrue(program("runc").isPresent(), "needs the program 'runc'; ./verify installs it");
        assumeTrue(program("busybox").isPresent(), "needs the program 'busybox'; ./verify installs it");
    }

    static Optional<Path> program(String name) {
        List<String> places =
                new ArrayList<>(Arrays.asList(System.getenv("PATH").split(":")));
        places.addAll(List.of("/usr/sbin", "/sbin"));
        return places.stream()
                .map(place -> Path.of(place, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static Path make(Path root) throws IOException {
        Path bin = Files.createDirectories(root.resolve("bin"));
        Files.copy(program("busybox").orElseThrow(), bin.resolve("busybox"));
        for (String applet : APPLETS) {
            Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
        }
        Path etc = Files.createDirectories(root.resolve("etc"));
        Files.writeString(etc.resolve("passwd"), "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/www:/bin/sh\n");
        Files.writeString(etc.resolve("group"), "root:x:0:\nweb:x:34:\nadm:x:4:web\n");
        Files.createDirectory(root.resolve("tmp"));
        Files.setPosixFilePermissions(root.resolve("tmp"), PosixFilePermissions.fromString("rwxrwxrwx"));
        executable(bin.resolve("junk"), "\u007fELF but no more");
        executable(bin.resolve("script"), "#!/bin/missing\n");
        Files.writeString(bin.resolve("text"), "not executable");
        return root;
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /// The configuration of an image of it.
    static ImageConfig config(String user, List<String> command) {
        ImageConfig.Execution execution = new ImageConfig.Execution(
                user, List.of("GREETING=hello"), List.of(), command, "/tmp", Optional.empty(), Map.of());
        return new ImageConfig(new Platform("linux", "", ""), "", List.of(), execution);
    }
}
