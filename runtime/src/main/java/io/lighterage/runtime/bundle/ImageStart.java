package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// Starts an image once: overlay, bundle, container; afterwards nothing of them is left.
public final class ImageStart {
    private static final int ID_BYTES = 6;

    private ImageStart() {}

    /// Runs the image until its line, its time or its end.
    ///
    /// @param scratch an existing directory for the writable layer and the bundle, on a file system overlayfs can
    ///     write to; everything goes into a new directory below it
    /// @throws RunFailure when the container could not be started
    /// @throws ImageException INVALID, NOT_FOUND or UNSUPPORTED when the image's configuration is at fault, DENIED
    ///     without the right to mount, CANCELLED when interrupted
    public static RunResult run(StartRequest request, Path scratch) {
        byte[] random = new byte[ID_BYTES];
        RandomGenerator.getDefault().nextBytes(random);
        String id = "lighter-" + HexFormat.of().formatHex(random);
        Path place = scratch.toAbsolutePath().normalize().resolve(id);
        NativeFileCalls calls = new NativeFileCalls();
        try (OverlayRoot root =
                OverlayRoot.mount(new NativeMountCalls(), calls, request.lowers(), place.resolve("overlay"))) {
            Path bundle = place.resolve("bundle");
            BundleSpec spec = BundleSpec.of(root.path(), request.config(), id)
                    .withCommand(request.command())
                    .withNetwork(request.network());
            new BundleWriter(calls).write(bundle, spec);
            return ContainerRun.run(
                    new RunRequest(bundle, id, request.until(), request.limit(), request.out(), request.err()));
        } finally {
            remove(calls, place);
        }
    }

    private static void remove(NativeFileCalls calls, Path place) {
        try {
            if (Files.isDirectory(place)) {
                TreeRemover.removeContents(calls, place);
                Files.delete(place);
            }
        } catch (IOException | ImageException e) {
            System.getLogger(ImageStart.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot remove " + place + ": " + e.getMessage(), e);
        }
    }
}
