package io.lighterage.runtime;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import io.lighterage.runtime.bundle.ImageStart;
import io.lighterage.runtime.bundle.RunResult;
import io.lighterage.runtime.bundle.StartRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Starts an image on its lazy mount and notes what is read until it is ready.
///
/// @param runtime mounts and unpacks
/// @param folder where the container's writable layer and the mount's directory go
/// @param progress hears of every step
record Recording(ImageRuntime runtime, Path folder, ProgressListener progress) {
    Recorded run(RecordRequest request) {
        long begun = System.nanoTime();
        Path place = makePlace();
        try {
            return request.eager() ? eager(request, place, begun) : lazy(request, place, begun);
        } finally {
            TreeRemover.removeContents(new NativeFileCalls(), place);
            removePlace(place);
        }
    }

    private Recorded lazy(RecordRequest request, Path place, long begun) {
        ReadTrace trace = new ReadTrace();
        Path tree = makeDirectory(place.resolve("tree"));
        // Of EROFS, which reads ahead by itself, we would see what the kernel reads and not what the program does.
        MountRequest here = request.mount().withDirectory(tree).withWay(MountWay.TREE);
        try (LazyMount mounted = runtime.mount(here, progress)) {
            mounted.listen(trace);
            Duration before = Duration.ofNanos(System.nanoTime() - begun);
            RunResult run = start(request, tree, mounted.config(), place);
            return new Recorded(
                    mounted.image(),
                    run,
                    before.plus(run.elapsed()),
                    Optional.of(mounted.report()),
                    trace.reads(),
                    trace.compressed());
        }
    }

    private Recorded eager(RecordRequest request, Path place, long begun) {
        Path tree = place.resolve("tree");
        UnpackedImage unpacked = runtime.unpack(
                request.mount().reference(), request.mount().platform(), tree, UnpackForm.MERGED, progress);
        Duration before = Duration.ofNanos(System.nanoTime() - begun);
        RunResult run = start(request, tree, unpacked.image().config(), place);
        return new Recorded(unpacked.image().name(), run, before.plus(run.elapsed()), Optional.empty(), List.of(), 0);
    }

    private static RunResult start(RecordRequest request, Path tree, ImageConfig config, Path place) {
        StartRequest start = new StartRequest(
                List.of(tree),
                config,
                request.command(),
                request.network(),
                request.until(),
                request.limit(),
                request.out(),
                request.err());
        return ImageStart.run(start, place);
    }

    private Path makePlace() {
        try {
            return Files.createTempDirectory(Files.createDirectories(folder), "record-");
        } catch (IOException e) {
            throw failed("make a directory below " + folder, e);
        }
    }

    private static Path makeDirectory(Path path) {
        try {
            return Files.createDirectory(path);
        } catch (IOException e) {
            throw failed("make " + path, e);
        }
    }

    private static void removePlace(Path place) {
        try {
            Files.deleteIfExists(place);
        } catch (IOException e) {
            System.getLogger(Recording.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot remove " + place + ": " + e.getMessage(), e);
        }
    }

    private static ImageException failed(String what, IOException e) {
        return new ImageException(
                ErrorKind.DENIED, "cannot " + what + ": " + e + "; choose a --root this user may write to", e);
    }
}
