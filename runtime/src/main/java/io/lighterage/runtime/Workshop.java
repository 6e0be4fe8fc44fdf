package io.lighterage.runtime;

import io.lighterage.resolver.ImageDestination;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// A folder for layers in the making: the destination's own, or one below the store's root that goes again.
///
/// @param folder the folder
/// @param ours whether it is ours to remove
record Workshop(Path folder, boolean ours) implements AutoCloseable {
    static Workshop of(ImageDestination destination, Path root) {
        return destination.workshop().map(folder -> new Workshop(folder, false)).orElseGet(() -> make(root));
    }

    private static Workshop make(Path root) {
        try {
            Path parent = Files.createDirectories(root.resolve("workshop"));
            return new Workshop(
                    Files.createTempDirectory(
                            parent,
                            "convert-",
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))),
                    true);
        } catch (IOException e) {
            throw StagedDirectory.failed("making a scratch folder below", root, e);
        }
    }

    @Override
    public void close() {
        if (!ours) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw StagedDirectory.failed("removing", folder, e);
        }
    }
}
