package io.lighterage.app.demo;

import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.mirror.LayoutUpstream;
import io.lighterage.mirror.MirrorOptions;
import io.lighterage.mirror.MirrorServer;
import io.lighterage.remotesnapshotter.lazy.LazyOptions;
import io.lighterage.remotesnapshotter.mount.ImageTree;
import io.lighterage.remotesnapshotter.mount.MountOptions;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import io.lighterage.remotesnapshotter.mount.TreeLayer;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.runtime.ConvertOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.stargz.format.LayerForm;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Starts the sample image over a slow line: once pulled and unpacked first, once mounted lazily from its eStargz form,
/// whose layers begin with the files that a start reads. Each begins with an empty store.
///
/// @param stage its folder holds `layout`, the image, and `root`, a store; everything else is put there too
/// @param files what a start reads
/// @param link how slow the line is
/// @param options how a lazy mount gets its bytes
/// @param kernel mounts
record SlowStart(Stage stage, StartFiles files, LinkSpeed link, LazyOptions options, TreeMounter kernel) {
    private static final String PLAIN = "demo/sample";
    private static final String CONVERTED = "demo/lazy";

    StartComparison run() throws IOException {
        stage.say()
                .accept("Converting it to eStargz, with the " + files.paths().size()
                        + " files that a start reads first ...");
        convert();
        LayoutUpstream upstream =
                new LayoutUpstream(Map.of(PLAIN, stage.at("layout"), CONVERTED, stage.at("lazy-layout")));
        try (MirrorServer registry = MirrorServer.start(MirrorOptions.defaults(), upstream)) {
            InetSocketAddress address = address(registry.hostPort());
            stage.say().accept("Starting it over a line of " + link + ", pulled and unpacked first:");
            StartComparison.Start eager;
            try (SlowLink line = SlowLink.to(address, link)) {
                eager = eager(line);
            }
            stage.say().accept("The same, mounted lazily ...");
            DemonstrationMounter mounter = new DemonstrationMounter(kernel);
            try (SlowLink line = SlowLink.to(address, link)) {
                StartComparison.Start lazy = lazy(line, mounter);
                return new StartComparison(files, link, eager, lazy, mounter.reason());
            }
        }
    }

    private static InetSocketAddress address(String hostPort) {
        int colon = hostPort.lastIndexOf(':');
        return new InetSocketAddress(hostPort.substring(0, colon), Integer.parseInt(hostPort.substring(colon + 1)));
    }

    private void convert() {
        ConvertOptions conversion =
                new ConvertOptions(LayerForm.ESTARGZ, OptionalInt.empty(), files.priorities(), Optional.empty());
        try (ImageRuntime runtime = stage.open("root")) {
            runtime.convert(stage.layout("layout"), stage.layout("lazy-layout"), conversion, ProgressDisplay.NONE);
        }
    }

    private StartComparison.Start eager(SlowLink line) throws IOException {
        String reference = line.hostPort() + "/" + PLAIN + ":latest";
        Path tree = stage.at("eager-tree");
        long begun = System.nanoTime();
        try (ImageRuntime runtime = stage.open("eager-root")) {
            try (ProgressDisplay progress = stage.progress().apply(reference)) {
                runtime.unpack(reference, Optional.empty(), tree, UnpackForm.MERGED, progress);
            }
            long bytes = 0;
            for (String path : files.paths()) {
                bytes += Files.readAllBytes(tree.resolve(path)).length;
            }
            return ready(begun, bytes, line);
        }
    }

    private StartComparison.Start lazy(SlowLink line, DemonstrationMounter mounter) throws IOException {
        String reference = line.hostPort() + "/" + CONVERTED + ":latest";
        Path directory = Files.createDirectory(stage.at("mount"));
        long begun = System.nanoTime();
        try (ImageRuntime runtime = stage.open("lazy-root");
                OpenedImage image = runtime.open(reference, Optional.empty(), options, false, ProgressDisplay.NONE);
                MountedTree mounted = mounter.mount(tree(image), directory, MountOptions.USUAL)) {
            long bytes = 0;
            for (String path : files.paths()) {
                bytes += mounter.read(mounted.at(), path);
            }
            return ready(begun, bytes, line);
        }
    }

    private static ImageTree tree(OpenedImage image) {
        return new ImageTree(image.layers().layers().stream().map(TreeLayer::of).toList());
    }

    private StartComparison.Start ready(long begun, long bytes, SlowLink line) {
        Duration elapsed = Duration.ofNanos(System.nanoTime() - begun);
        if (bytes != files.bytes()) {
            throw new ImageException(ErrorKind.INTERNAL, "a start read " + bytes + " bytes; expected " + files.bytes());
        }
        return new StartComparison.Start(elapsed, line.received());
    }
}
