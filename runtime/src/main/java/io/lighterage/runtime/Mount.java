package io.lighterage.runtime;

import io.lighterage.contentstore.MountRecords;
import io.lighterage.contentstore.TaskGroup;
import io.lighterage.remotesnapshotter.mount.ImageTree;
import io.lighterage.remotesnapshotter.mount.MountOptions;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import io.lighterage.remotesnapshotter.mount.TreeLayer;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import java.time.Duration;
import java.time.Instant;

/// Opens an image lazily (see [LazyOpening]) and lets the kernel see its tree.
///
/// @param runtime opens it
/// @param records where the mount is recorded
/// @param mounter how the kernel gets to see the tree
/// @param progress hears of every step
record Mount(ImageRuntime runtime, MountRecords records, TreeMounter mounter, ProgressListener progress) {
    LazyMount run(MountRequest request) {
        Instant begun = Instant.now();
        try (TaskGroup meanwhile = new TaskGroup("prepare")) {
            meanwhile.fork(() -> {
                mounter.prepare();
                return null;
            });
            OpenedImage image = runtime.open(
                    request.reference(), request.platform(), request.options(), request.refresh(), progress);
            return mount(request, image, begun, meanwhile);
        }
    }

    private LazyMount mount(MountRequest request, OpenedImage image, Instant begun, TaskGroup meanwhile) {
        boolean mounted = false;
        try {
            Instant opened = Instant.now();
            ImageTree tree = new ImageTree(image.layers().layers().stream()
                    .map(layer -> new TreeLayer(layer.index(), layer.content()))
                    .toList());
            MountOptions options = MountOptions.USUAL.withSource("lighter:" + source(image.name()));
            meanwhile.join();
            MountedTree at = mounter.mount(tree, request.directory(), options);
            image.layers().whenComplete(() -> at.readAhead(MountOptions.COMPLETE_READ_AHEAD));
            MountReport.Opening opening = new MountReport.Opening(
                    image.resolving(),
                    Duration.between(begun, opened).minus(image.resolving()),
                    Duration.between(opened, Instant.now()));
            mounted = true;
            return new LazyMount(image, at, begun, opening, records);
        } finally {
            if (!mounted) {
                image.close();
            }
        }
    }

    /// Mount options cannot hold a comma.
    private static String source(String name) {
        return name.replace(',', '_');
    }
}
