package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Credentials;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.linux.NativeMountCalls;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jnr.ffi.Pointer;

/// Mounts trees through libfuse 2 and jnr-fuse: the portable way, which needs no kernel newer than FUSE itself and no
/// rights beyond those of `fusermount`.
///
/// As root the mount has what containers need: other users get in, by the modes and owners of the image, and devices
/// and set-uid bits count. An ordinary user's mount is that user's alone, who may read everything in it.
public final class FuseTreeMounter implements TreeMounter {
    private static final System.Logger LOG = System.getLogger(FuseTreeMounter.class.getName());

    /// 32 pages, what the kernel takes as the largest read from a server of libfuse 2's age.
    private static final int MAX_READ = 128 << 10;

    /// Reads ahead that may be under way; libfuse's 12 are few for a network with some latency.
    private static final int BACKGROUND = 48;

    private final boolean root = Credentials.effectiveUid() == 0;

    /// What keeps this process from mounting on any directory, with its remedy; empty when nothing does.
    public static Optional<String> obstacle() {
        try {
            MountPlace.ofThisMachine(Credentials.effectiveUid() == 0).checkMachine(Path.of("a directory"));
            FuseLibrary.load();
            return Optional.empty();
        } catch (ImageException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void prepare() {
        try {
            FuseLibrary.load().prepare();
        } catch (ImageException e) {
            LOG.log(System.Logger.Level.DEBUG, "mounting will say it", e);
        }
    }

    @Override
    public MountedTree mount(ImageTree tree, Path directory, MountOptions options) {
        return mount(tree, directory, options, "FUSE");
    }

    /// @param way what [MountedTree#way] is to say
    MountedTree mount(ImageTree tree, Path directory, MountOptions options, String way) {
        Path place = MountPlace.ofThisMachine(root).check(directory);
        FuseLibrary library = FuseLibrary.load();
        ReadGate gate = new ReadGate(tree, new FuseRequester(library.functions()));
        FuseLibrary.Operations operations = library.new Operations();
        new FuseAnswers(tree, gate, library::filler).fill(operations);
        FuseWorkers workers;
        try {
            workers = connect(library, operations, place, options);
        } catch (RuntimeException | Error e) {
            gate.close();
            throw e;
        }
        workers.start();
        Unmounter unmounter = new Unmounter(new NativeMountCalls(), root);
        ServedMount mount = new ServedMount(place, way, device(place, root), unmounter, workers.ended(), gate);
        mount.unmountOnExitOfProcess();
        mount.readAhead(options.readAhead()); // not before: making the connection resets it
        return mount;
    }

    /// Waits until the mount answers, and finds out which device it is: the kernel answers nothing of the mount before
    /// the connection is made, so one look at it waits for that.
    private static Optional<Path> device(Path place, boolean root) {
        FileStatus status = new NativeFileCalls().statx(Flags.AT_FDCWD, Descriptors.bytes(place));
        return root && status != null
                ? Optional.of(Path.of("/sys/class/bdi/" + status.deviceMajor() + ":" + status.deviceMinor()))
                : Optional.empty();
    }

    private FuseWorkers connect(
            FuseLibrary library, FuseLibrary.Operations operations, Path place, MountOptions options) {
        FuseLibrary.Functions functions = library.functions();
        List<Pointer> held = new ArrayList<>();
        byte[] settings = (mountWords(options) + "," + settingWords(options)).getBytes(StandardCharsets.UTF_8);
        List<byte[]> words = List.of(ascii("lighter"), ascii("-f"), ascii("-o"), settings, Descriptors.bytes(place));
        Pointer out = library.allocate(2 * Long.BYTES);
        long fuse;
        try {
            fuse = functions.fuse_setup(
                    words.size(),
                    library.words(words, held),
                    operations.address(),
                    operations.size(),
                    out,
                    out.slice(Long.BYTES),
                    0);
        } finally {
            Reference.reachabilityFence(held);
        }
        if (fuse == 0) {
            throw refused(place);
        }
        long session = functions.fuse_get_session(fuse);
        long channel = functions.fuse_session_next_chan(session, 0);
        return new FuseWorkers(library, session, channel, options.maxWorkers(), () -> {
            try {
                functions.fuse_unmount(out.getLong(0), channel);
                functions.fuse_destroy(fuse);
            } finally {
                Reference.reachabilityFence(operations); // libfuse calls into them until now
            }
        });
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private String mountWords(MountOptions options) {
        String words = "ro,fsname=" + options.source() + ",subtype=lighter,max_read=" + MAX_READ;
        return root ? words + ",allow_other,default_permissions,dev,suid" : words;
    }

    private static String settingWords(MountOptions options) {
        long seconds = options.cacheTime().toSeconds();
        return "use_ino,kernel_cache,entry_timeout=" + seconds + ",attr_timeout=" + seconds + ",negative_timeout="
                + seconds + ",max_background=" + BACKGROUND + ",congestion_threshold=" + BACKGROUND * 3 / 4
                + ",no_splice_read,no_splice_write,no_splice_move";
    }

    private ImageException refused(Path place) {
        String needs = root
                ? "mounting needs CAP_SYS_ADMIN and /dev/fuse, which containers have only when they are given them (docker"
                        + " run --cap-add SYS_ADMIN --device /dev/fuse)"
                : "fusermount mounts only on directories of the user, on file systems it knows, and only"
                        + " `mount_max` mounts (/etc/fuse.conf); where it has lost its set-uid bit, run as root";
        return new ImageException(
                ErrorKind.DENIED, "cannot mount on " + place + ": libfuse was refused and has printed why; " + needs);
    }
}
