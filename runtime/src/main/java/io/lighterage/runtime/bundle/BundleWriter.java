package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import io.lighterage.linux.FileCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes OCI runtime bundles: a directory with a `config.json`, and the three files of `/etc` that belong to a
/// container rather than to its image.
public final class BundleWriter {
    private final FileCalls calls;

    public BundleWriter(FileCalls calls) {
        this.calls = calls;
    }

    /// Writes the bundle. The user is looked up in the root's own `/etc/passwd` and `/etc/group`.
    ///
    /// @param directory made when it is not there; an older bundle in it is replaced
    /// @throws ImageException INVALID when the image's configuration cannot be meant, NOT_FOUND when its user is
    ///     unknown, UNSUPPORTED when it is not for Linux, DENIED when the directory cannot be written
    public void write(Path directory, BundleSpec spec) {
        requireLinux(spec.config().platform());
        ContainerUser user = user(spec);
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(
                    absolute, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Map<String, Path> files = files(absolute, spec);
            String text = RuntimeSpec.document(spec, user, files).toString();
            Files.writeString(absolute.resolve("config.json"), text, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ImageException(ErrorKind.DENIED, "cannot write the runtime bundle in " + directory + ": " + e, e);
        }
    }

    private static void requireLinux(Platform platform) {
        if (!platform.os().isEmpty() && !platform.os().equals("linux")) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "the image is for " + platform + "; expected one for linux, choose it with --platform");
        }
    }

    private ContainerUser user(BundleSpec spec) {
        try (RootFiles root = new RootFiles(calls, spec.root())) {
            return new Accounts(root.text("etc/passwd"), root.text("etc/group"))
                    .resolve(spec.config().execution().user());
        }
    }

    /// The container runs as a user of its own, who must be able to read these.
    private static Map<String, Path> files(Path directory, BundleSpec spec) throws IOException {
        Map<String, Path> files = new LinkedHashMap<>();
        String name = spec.hostname();
        String hosts = "127.0.0.1\tlocalhost " + name + "\n::1\tlocalhost ip6-localhost ip6-loopback\n";
        files.put("/etc/hosts", readable(directory.resolve("hosts"), hosts));
        files.put("/etc/hostname", readable(directory.resolve("hostname"), name + "\n"));
        Path resolver = Path.of("/etc/resolv.conf");
        boolean shared = spec.network() == BundleSpec.Network.HOST && Files.isReadable(resolver);
        String servers = shared ? Files.readString(resolver, StandardCharsets.ISO_8859_1) : "";
        files.put("/etc/resolv.conf", readable(directory.resolve("resolv.conf"), servers));
        return files;
    }

    private static Path readable(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        return file;
    }
}
