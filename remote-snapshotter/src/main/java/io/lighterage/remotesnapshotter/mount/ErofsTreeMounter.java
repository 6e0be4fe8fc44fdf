package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.linux.Credentials;
import io.lighterage.linux.NativeFuseCalls;
import io.lighterage.linux.NativeMountCalls;
import io.lighterage.remotesnapshotter.erofs.ErofsImage;
import io.lighterage.remotesnapshotter.erofs.ErofsMount;
import io.lighterage.remotesnapshotter.erofs.ErofsMounter;
import io.lighterage.remotesnapshotter.flat.FlatBook;
import io.lighterage.remotesnapshotter.flat.FlatServer;
import io.lighterage.remotesnapshotter.flat.ServedFile;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// Mounts trees as EROFS over flat files: the fast way, for root. The kernel answers for names and attributes
/// from an image of ours, and reads bytes from flat files: those of layers that are here as they lie on disk,
/// the others through a [FlatServer], one for all mounts, which is there while there are such mounts.
///
/// The image is written for each mount and has no name any more once it is mounted: the kernel needs none. What a
/// process that was killed before has left is removed by [#prepare].
public final class ErofsTreeMounter implements TreeMounter {
    private static final System.Logger LOG = System.getLogger(ErofsTreeMounter.class.getName());
    private static final FileAttribute<?> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /// What an image is called until it is mounted, and in `/proc/mounts` after; see [AbandonedMount].
    static final String IMAGE_PREFIX = "lighter-";

    private static final Path BACKING_DEVICES = Path.of("/sys/class/bdi");

    private static final String IMAGE_SUFFIX = ".erofs";

    /// The name of an image tells which process writes it.
    private static final Pattern IMAGE_NAME = Pattern.compile(IMAGE_PREFIX + "([0-9]{1,9})-[0-9]+\\" + IMAGE_SUFFIX);

    private final Path folder;
    private final ErofsMounter mounter = ErofsMounter.ofThisMachine();
    private final MountEnds ends = new MountEnds();
    /// One mount at a time, so that of two devices it is known whose they are. Server threads never take it.
    private final ReentrantLock mounting = new ReentrantLock();
    private final @Nullable Path notes;
    /// Zero when this process serves, be it nothing.
    private final CountDownLatch going = new CountDownLatch(1);

    private @Nullable FlatServer server;
    private int users;

    /// @param folder where images are while they are mounted; made when it is needed
    public ErofsTreeMounter(Path folder) {
        this(folder, null);
        going.countDown();
    }

    private ErofsTreeMounter(Path folder, @Nullable Path notes) {
        this.folder = folder;
        this.notes = notes;
    }

    /// One whose mounts go on with the next process when this one is killed, and which goes on with those of the last:
    /// [#inherited] has to be asked first, and [#goOn] called. One process a folder may have such a one.
    public static ErofsTreeMounter lasting(Path folder) {
        return new ErofsTreeMounter(folder, folder.resolve("served"));
    }

    @Override
    public synchronized Set<String> inherited() {
        Path known = notes;
        if (known == null || going.getCount() == 0 || server != null) {
            return Set.of();
        }
        server =
                FlatServer.takeOver(new NativeFuseCalls(), FlatBook.open(known)).orElse(null);
        return server == null ? Set.of() : server.open();
    }

    @Override
    public Inheritance inherit(List<TreeLayer> layers) {
        FlatServer serving = server();
        List<ServedFile> files = layers.stream()
                .map(layer -> serving.serve(layer.index(), layer.content()))
                .toList();
        return () -> {
            files.forEach(ServedFile::close);
            letGo();
        };
    }

    @Override
    public synchronized void goOn() {
        FlatServer inherited = server;
        if (going.getCount() > 0 && inherited != null) {
            inherited.goOn();
            if (users == 0) {
                server = null;
                inherited.close(); // none of its layers is known
            }
        }
        going.countDown();
    }

    @Override
    public synchronized void leave() {
        FlatServer serving = server;
        if (serving != null && serving.leave()) {
            LOG.log(System.Logger.Level.INFO, "what containers still read is left to the next process");
        }
    }

    private void awaitGoing(Path directory) {
        try {
            going.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted before " + directory + " was mounted", e);
        }
    }

    @Override
    public void prepare() {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> images = Files.newDirectoryStream(folder, IMAGE_PREFIX + "*" + IMAGE_SUFFIX)) {
            for (Path image : images) {
                if (isLeftOver(image.getFileName().toString())) {
                    Files.deleteIfExists(image);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(System.Logger.Level.WARNING, "what earlier mounts have left in " + folder + " stays: " + e);
        }
    }

    private static boolean isLeftOver(String name) {
        Matcher parts = IMAGE_NAME.matcher(name);
        return parts.matches()
                && ProcessHandle.of(Long.parseLong(parts.group(1))).isEmpty();
    }

    @Override
    public MountedTree mount(ImageTree tree, Path directory, MountOptions options) {
        boolean root = Credentials.effectiveUid() == 0;
        if (!root) {
            throw new ImageException(
                    ErrorKind.DENIED, "cannot mount on " + directory + " as EROFS: only root may; mount it over FUSE");
        }
        awaitGoing(directory);
        Path place = MountPlace.ofThisMachine(true).check(directory);
        Devices devices = new Devices();
        boolean mounted = false;
        try {
            Mounted kernel = mountImage(new ImageErofsTree(tree), tree, devices, place);
            try {
                CountDownLatch ended = ends.watch(place);
                Unmounter unmounter = new Unmounter(new NativeMountCalls(), true);
                ServedMount mount = new ServedMount(place, "EROFS", kernel.readAhead(), unmounter, ended, devices);
                mount.readAhead(options.readAhead());
                if (notes == null) {
                    mount.unmountOnExitOfProcess(); // else who stops says what becomes of it: see leave()
                }
                tree.indexes().forEach(LayerIndex::letGo); // the kernel has its own
                mounted = true;
                return mount;
            } finally {
                if (!mounted) {
                    kernel.mount().close();
                }
            }
        } finally {
            if (!mounted) {
                devices.close();
            }
        }
    }

    /// @param readAhead where the kernel is told how far to read ahead
    private record Mounted(ErofsMount mount, Optional<Path> readAhead) {}

    private Mounted mountImage(ImageErofsTree erofs, ImageTree tree, Devices devices, Path place) {
        List<Path> paths = erofs.deviceLayers().stream()
                .map(layer -> devices.path(tree.layerAt(layer)))
                .toList();
        try {
            Files.createDirectories(folder, PRIVATE);
            Path image = Files.createTempFile(
                    folder, IMAGE_PREFIX + ProcessHandle.current().pid() + "-", IMAGE_SUFFIX);
            try {
                ErofsImage.writeForNow(image, erofs);
                return mount(image, paths, place);
            } finally {
                Files.deleteIfExists(image);
            }
        } catch (IOException e) {
            throw FileErrors.writing("cannot make the EROFS image for " + place, folder, e);
        }
    }

    /// The kernel does not tell which device of its own a mount got, so it has to be the one that is new.
    private Mounted mount(Path image, List<Path> devices, Path place) {
        mounting.lock();
        try {
            Set<Path> before = backingDevices();
            ErofsMount mount = mounter.mount(image, devices, place);
            Set<Path> fresh = new HashSet<>(backingDevices());
            fresh.removeAll(before);
            return new Mounted(mount, fresh.size() == 1 ? fresh.stream().findFirst() : Optional.empty());
        } finally {
            mounting.unlock();
        }
    }

    private static Set<Path> backingDevices() {
        if (!Files.isDirectory(BACKING_DEVICES)) {
            return Set.of();
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(BACKING_DEVICES, "erofs-*")) {
            return StreamSupport.stream(all.spliterator(), false).collect(Collectors.toSet());
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(System.Logger.Level.DEBUG, "the read-ahead of mounts stays as it is", e);
            return Set.of();
        }
    }

    private synchronized FlatServer server() {
        FlatServer running = server;
        if (running == null) {
            NativeFuseCalls calls = new NativeFuseCalls();
            running = notes == null ? FlatServer.start(calls) : FlatServer.start(calls, FlatBook.open(notes));
            server = running;
        }
        users++;
        return running;
    }

    private synchronized void letGo() {
        users--;
        FlatServer running = server;
        if (users == 0 && running != null) {
            server = null;
            running.close();
        }
    }

    /// The flat files of one mount, as long as it is served.
    private final class Devices implements AutoCloseable {
        private final List<ServedFile> served = new ArrayList<>();
        private @Nullable FlatServer mine;

        Path path(TreeLayer layer) {
            Optional<Path> whole = layer.content().whole();
            if (whole.isPresent()) {
                return whole.get();
            }
            FlatServer serving = mine;
            if (serving == null) {
                serving = server();
                mine = serving;
            }
            ServedFile file = serving.serve(layer.index(), layer.content());
            served.add(file);
            return file.path();
        }

        @Override
        public void close() {
            served.forEach(ServedFile::close);
            served.clear();
            if (mine != null) {
                mine = null;
                letGo();
            }
        }
    }
}
