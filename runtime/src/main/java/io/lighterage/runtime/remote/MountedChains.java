package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MountRecord;
import io.lighterage.contentstore.MountRecords;
import io.lighterage.remotesnapshotter.lazy.LazyLayer;
import io.lighterage.remotesnapshotter.mount.ImageTree;
import io.lighterage.remotesnapshotter.mount.MountOptions;
import io.lighterage.remotesnapshotter.mount.MountedTree;
import io.lighterage.remotesnapshotter.mount.TreeLayer;
import io.lighterage.remotesnapshotter.mount.TreeMounter;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.MountReport;
import io.lighterage.runtime.MountState;
import io.lighterage.runtime.OpenedImage;
import io.lighterage.runtime.ProgressListener;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/// What this process has mounted: at each place a layer with all that are below it, as one tree.
final class MountedChains implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MountedChains.class.getName());

    /// The kernel tells within milliseconds that nobody uses a mount.
    private static final long UNUSED_MILLIS = 1000;

    private final ImageRuntime runtime;
    private final TreeMounter mounter;
    private final RemoteOptions options;
    private final Map<Path, Pending<Mounted>> mounts = new ConcurrentHashMap<>();

    MountedChains(ImageRuntime runtime, TreeMounter mounter, RemoteOptions options) {
        this.runtime = runtime;
        this.mounter = mounter;
        this.options = options;
    }

    /// The image is open as long as its tree is served.
    private record Mounted(MountState state, MountedTree tree, MountRecords records) {
        OpenedImage image() {
            return state.image();
        }

        private MountRecord record() {
            return MountRecord.started(
                            state.at().toString(),
                            image().name(),
                            ProcessHandle.current().pid(),
                            state.startedAt())
                    .withReport(state.report().json());
        }

        /// So that it is known of afterwards. A mount is not kept from coming or going by that.
        void note(UnaryOperator<MountRecord> change) {
            try {
                records.put(change.apply(record()));
                int _ = records.prune(pid -> ProcessHandle.of(pid).isPresent());
            } catch (ImageException e) {
                LOG.log(System.Logger.Level.WARNING, e.getMessage(), e);
            }
        }

        /// Those who are in it may go on.
        void release() {
            end(image()::close);
        }

        /// Takes it away from its place, and has `then` run when nobody uses it any more; never where the kernel
        /// refuses.
        void end(Runnable then) {
            note(record -> record.ended(Instant.now()));
            try {
                tree.release(then);
            } catch (ImageException e) {
                LOG.log(System.Logger.Level.WARNING, e.getMessage(), e);
            }
        }
    }

    /// How many there are.
    int count() {
        return (int) mounts.values().stream()
                .filter(mount -> mount.now().isPresent())
                .count();
    }

    /// How the mounts stand now.
    List<MountReport> reports() {
        return mounts.values().stream()
                .flatMap(mount -> mount.now().stream())
                .map(mounted -> mounted.state().report())
                .toList();
    }

    /// Returns when the chain is mounted there.
    ///
    /// @param image an image of this machine's records, by its digest
    /// @param chain the chain id of its topmost layer to be seen
    /// @throws ImageException UNAVAILABLE, or why it cannot be mounted
    void ensure(String image, String chain, Path fs) {
        begin(image, chain, fs).await(options.patience());
    }

    /// Has the chain mounted there, unless it is.
    ///
    /// @return the mount, or what becomes it
    Pending<?> begin(String image, String chain, Path fs) {
        return mounts.compute(
                fs, (place, known) -> known == null || isOver(known) ? mounting(image, chain, fs) : known);
    }

    private static boolean isOver(Pending<Mounted> mount) {
        if (mount.now().filter(mounted -> !mounted.tree().served()).isPresent()) {
            mount.then(mounted -> mounted.image().close()); // unmounted by somebody else
            return true;
        }
        return mount.failed();
    }

    private Pending<Mounted> mounting(String image, String chain, Path fs) {
        return new Pending<>("mounting " + image + " on " + fs, () -> mount(image, chain, fs));
    }

    private Mounted mount(String name, String chain, Path fs) {
        Instant begun = Instant.now();
        OpenedImage image = runtime.open(name, Optional.empty(), options.lazy(), false, ProgressListener.NONE);
        Instant opened = Instant.now();
        boolean done = false;
        try {
            ImageTree tree =
                    new ImageTree(upTo(chain, image).stream().map(TreeLayer::of).toList());
            MountOptions how = MountOptions.USUAL.withSource("lighter:" + name.replace(',', '_'));
            MountedTree mounted = mounter.mount(tree, fs, how);
            image.layers().whenComplete(() -> mounted.readAhead(MountOptions.COMPLETE_READ_AHEAD));
            MountReport.Opening opening = new MountReport.Opening(
                    image.resolving(),
                    Duration.between(begun, opened).minus(image.resolving()),
                    Duration.between(opened, Instant.now()));
            done = true;
            Mounted served = new Mounted(
                    new MountState(image, fs, mounted.way(), begun, opening),
                    mounted,
                    runtime.store().mounts());
            served.note(UnaryOperator.identity()); // for the time after this process was killed, too
            return served;
        } finally {
            if (!done) {
                image.close();
            }
        }
    }

    private static List<LazyLayer> upTo(String chain, OpenedImage image) {
        int top = ChainId.of(image.config().diffIds()).stream()
                .map(Digest::toString)
                .toList()
                .indexOf(chain);
        if (top < 0) {
            throw new ImageException(
                    ErrorKind.CORRUPT, "image " + image.name() + " has no layer of chain id " + chain + " any more");
        }
        return image.layers().layers().subList(0, top + 1);
    }

    /// Takes what is mounted there away; those who are in it may go on.
    void release(Path fs) {
        Pending<Mounted> mount = mounts.remove(fs);
        if (mount != null) {
            mount.then(Mounted::release);
        }
    }

    /// Takes all of them away; what containers still read is left to the next process, if there can be one.
    @Override
    public void close() {
        Queue<Mounted> all = new ConcurrentLinkedQueue<>();
        for (Path fs : List.copyOf(mounts.keySet())) {
            Pending<Mounted> mount = mounts.remove(fs);
            if (mount != null && mount.now().isPresent()) {
                all.add(mount.now().get());
            } else if (mount != null) {
                mount.end(late -> late.end(late.image()::close));
            }
        }
        CountDownLatch used = new CountDownLatch(all.size());
        all.forEach(mounted -> mounted.end(used::countDown));
        try {
            boolean ignored = used.await(UNUSED_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        mounter.leave();
        all.forEach(mounted -> mounted.image().close());
    }
}
