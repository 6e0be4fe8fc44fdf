package io.lighterage.remotesnapshotter.flat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.DescriptorHolder;
import io.lighterage.linux.DyingThread;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FuseCalls;
import io.lighterage.linux.NativeBuffers;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Shows flat files to the kernel as files of one directory, which is mounted nowhere: they are opened through
/// a descriptor of this process, so nobody else comes near them, and nothing is left to unmount when it dies.
///
/// A few platform threads take requests and answer what is here at once; they never wait for a network. What is
/// not here is left to [FlatReads]. The file system ends when the server is closed and the last file that was
/// opened through it is, too; until then reads of contents that were given up are `EIO`.
public final class FlatServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(FlatServer.class.getName());

    /// One thread takes half as long again for each request as four; more change nothing.
    private static final int THREADS = 4;

    /// The largest request but for names is a forgetting of many nodes, which the kernel cuts to fit; it
    /// refuses to give anything to less than 8 KiB.
    private static final int REQUEST_BYTES = 16 << 10;

    /// What the kernel asks for at once, at most.
    static final int MAX_READ = 1 << 20;

    private static final int REPLY_BYTES = FuseFormat.OUT_HEADER + MAX_READ;

    /// Late replies that may be written at once.
    private static final int LATE_BUFFERS = 4;

    /// The kernel says that a file is closed some milliseconds after its mount has gone.
    private static final int LOOKS = 50;

    private static final long LOOK_NANOS = 10_000_000;

    private final FuseCalls calls;
    private final int connection;
    private final int root;
    private final FlatFiles files;
    private final @Nullable FlatBook book;
    private final FlatReads reads;
    private final AtomicInteger running = new AtomicInteger(THREADS);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final NativeBuffers memory = new NativeBuffers();
    private volatile boolean left;
    private boolean closed;

    private FlatServer(FuseCalls calls, int connection, int root, FlatFiles files, @Nullable FlatBook book) {
        this.calls = calls;
        this.connection = connection;
        this.root = root;
        this.files = files;
        this.book = book;
        reads = new FlatReads(new ReplyBuffers(LATE_BUFFERS, REPLY_BYTES), this::reply, DyingThread::isKilled);
    }

    /// Makes the file system and serves it.
    ///
    /// @throws ImageException DENIED when this process may not, UNSUPPORTED when the kernel cannot
    public static FlatServer start(FuseCalls calls) {
        FlatServer server = make(calls, new FlatFiles(), null);
        server.begin();
        return server;
    }

    /// As [#start(FuseCalls)], so that another process can go on after this one was killed: where the kernel and this
    /// machine have what that takes, or as well as without.
    public static FlatServer start(FuseCalls calls, FlatBook book) {
        int epoch = book.begin(true);
        FlatServer server = make(calls, new FlatFiles(book, epoch), book);
        server.begin();
        return server;
    }

    /// Goes on where a process that died stopped: nothing is answered until [#goOn].
    ///
    /// @return empty when nobody holds what that takes
    public static Optional<FlatServer> takeOver(FuseCalls calls, FlatBook book) {
        Optional<DescriptorHolder> holder = book.holder();
        if (holder.isEmpty()) {
            return Optional.empty();
        }
        int connection = holder.get().take(0);
        int root = holder.get().take(1);
        if (connection >= 0 && root >= 0) {
            int epoch = book.begin(false);
            return Optional.of(new FlatServer(calls, connection, root, new FlatFiles(book, epoch), book));
        }
        LOG.log(
                System.Logger.Level.ERROR,
                "cannot go on with the flat files of the process before: " + Errno.name(Math.min(connection, root))
                        + "; what runs on them gets errors");
        for (int descriptor : new int[] {connection, root}) {
            int ignored = descriptor < 0 ? 0 : calls.close(descriptor);
        }
        book.end();
        return Optional.empty();
    }

    /// The layers of which the kernel has files open, by their digests in hexadecimal; of a process before this one,
    /// too. Empty where no process could go on after this one.
    public Set<String> open() {
        FlatBook notes = book;
        return notes == null
                ? Set.of()
                : notes.open().stream().map(RawName::toString).collect(Collectors.toSet());
    }

    /// This process ends, and another is to go on: nothing is answered any more, which leaves all requests to it.
    ///
    /// @return false when nothing is open, so that there is nothing to go on with
    public boolean leave() {
        FlatBook notes = book;
        if (notes == null || notes.holder().isEmpty()) {
            return false;
        }
        for (int look = 0; look < LOOKS && !notes.open().isEmpty(); look++) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
        left = !notes.open().isEmpty();
        return left;
    }

    /// Begins to answer what has waited since the process before died. The contents of [#open] layers are to be
    /// served by now; reads of others are `EIO`.
    public void goOn() {
        try (NativeBuffers once = new NativeBuffers()) {
            reply(FuseReply.resend(once.allocate(FuseFormat.OUT_HEADER)));
        }
        begin();
    }

    private static FlatServer make(FuseCalls calls, FlatFiles files, @Nullable FlatBook book) {
        int connection = calls.open();
        if (connection < 0) {
            throw refused("open /dev/fuse", connection);
        }
        int root = calls.mountNowhere(connection, "lighter-flat", MAX_READ);
        if (root < 0) {
            int ignored = calls.close(connection);
            throw refused("make a FUSE file system", root);
        }
        return new FlatServer(calls, connection, root, files, book);
    }

    private void begin() {
        for (int i = 1; i <= THREADS; i++) {
            Thread.ofPlatform().daemon().name("lighter-flat-" + i).start(this::work);
        }
    }

    private static ImageException refused(String what, int result) {
        boolean denied = result == -Errno.EPERM || result == -Errno.EACCES;
        return new ImageException(
                denied ? ErrorKind.DENIED : ErrorKind.UNSUPPORTED,
                "cannot " + what + " to serve flat files: " + Errno.name(result)
                        + (denied
                                ? "; it needs CAP_SYS_ADMIN, run as root"
                                : "; it needs Linux 5.4 or newer with FUSE (modprobe fuse)"));
    }

    /// Shows a content as a file until what is returned is closed.
    public ServedFile serve(LayerIndex index, TreeContent content) {
        FlatNode file = files.add(index, content);
        Path path = Path.of("/proc/self/fd/" + root).resolve(file.name().toString());
        return new ServedFile(path, () -> {
            if (files.remove(file)) {
                reads.refuse(file);
            }
        });
    }

    /// Zero when nothing is served any more and all threads have gone.
    public CountDownLatch ended() {
        return ended;
    }

    /// Takes the directory away; opened files are served until they are closed. Never waits.
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            if (book != null && !left) {
                book.end();
            }
            int ignored = calls.close(root);
        }
    }

    private void work() {
        try {
            ByteBuffer request = memory.allocate(REQUEST_BYTES);
            ByteBuffer room = memory.allocate(REPLY_BYTES);
            while (true) {
                request.clear();
                int length = calls.receive(connection, request);
                if (length > 0) {
                    handle(FuseRequest.parse(request.flip()), room);
                } else if (length != -Errno.EINTR && length != -Errno.EAGAIN && length != -Errno.ENOENT) {
                    if (length != -Errno.ENODEV) {
                        LOG.log(System.Logger.Level.ERROR, "flat files are not served any more: " + Errno.name(length));
                    }
                    break;
                }
            }
        } finally {
            if (running.decrementAndGet() == 0) {
                end();
            }
        }
    }

    private void end() {
        close();
        reads.close();
        int ignored = calls.close(connection);
        memory.close();
        ended.countDown();
    }

    private void handle(FuseRequest request, ByteBuffer room) {
        try {
            answer(request, room);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a request for a flat file failed: " + request, e);
            reply(FuseReply.error(room, request.unique(), Errno.EIO));
        }
    }

    private void answer(FuseRequest request, ByteBuffer room) {
        long unique = request.unique();
        switch (request) {
            case FuseRequest.Init init -> reply(init(init, room));
            case FuseRequest.Lookup lookup -> reply(lookup(lookup, room));
            case FuseRequest.Attributes attributes -> reply(attributes(attributes, room));
            case FuseRequest.Open open -> reply(open(open, room));
            case FuseRequest.Read read -> read(read, room);
            case FuseRequest.Space _ -> reply(FuseReply.space(room, unique));
            case FuseRequest.Release release -> {
                opened(release.node(), -1);
                reply(FuseReply.error(room, unique, 0));
            }
            case FuseRequest.Access _, FuseRequest.Destroy _ -> reply(FuseReply.error(room, unique, 0));
            case FuseRequest.Interrupt interrupt -> {
                // Not known yet: another thread is about to begin it. The kernel says it again.
                if (!reads.interrupted(interrupt.target())) {
                    reply(FuseReply.error(room, unique, Errno.EAGAIN));
                }
            }
            case FuseRequest.Forget _ -> {}
            case FuseRequest.Other _ -> reply(FuseReply.error(room, unique, Errno.ENOSYS));
            case FuseRequest.Malformed malformed -> {
                LOG.log(System.Logger.Level.WARNING, "the kernel sent what is no request: " + malformed.reason());
                if (unique != 0) {
                    reply(FuseReply.error(room, unique, Errno.EINVAL));
                }
            }
        }
    }

    private ByteBuffer init(FuseRequest.Init offer, ByteBuffer room) {
        if (!FuseNegotiation.possible(offer)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "the kernel speaks FUSE " + offer.major() + "." + offer.minor() + "; expected 7.23 or later");
            return FuseReply.error(room, offer.unique(), Errno.EPROTO);
        }
        FuseNegotiation agreed = FuseNegotiation.of(offer);
        LOG.log(System.Logger.Level.DEBUG, () -> "FUSE: " + offer + ", agreed " + agreed);
        if (book != null && !(agreed.resends() && book.hold(List.of(connection, root)))) {
            LOG.log(System.Logger.Level.DEBUG, "nobody can go on with the flat files when this process is killed");
        }
        return FuseReply.init(room, offer.unique(), agreed);
    }

    private ByteBuffer lookup(FuseRequest.Lookup lookup, ByteBuffer room) {
        if (lookup.parent() != FuseFormat.ROOT) {
            return FuseReply.error(room, lookup.unique(), Errno.ENOTDIR);
        }
        return files.named(lookup.name())
                .map(file -> FuseReply.entry(room, lookup.unique(), file.node(), file.size()))
                .orElseGet(() -> FuseReply.error(room, lookup.unique(), Errno.ENOENT));
    }

    private ByteBuffer attributes(FuseRequest.Attributes request, ByteBuffer room) {
        if (request.node() == FuseFormat.ROOT) {
            return FuseReply.attributes(room, request.unique(), FuseFormat.ROOT, -1);
        }
        FlatNode file = files.at(request.node());
        return file == null
                ? FuseReply.error(room, request.unique(), Errno.ESTALE)
                : FuseReply.attributes(room, request.unique(), request.node(), file.size());
    }

    private ByteBuffer open(FuseRequest.Open open, ByteBuffer room) {
        FlatNode file = files.at(open.node());
        if (file == null) {
            return FuseReply.error(room, open.unique(), Errno.ESTALE);
        }
        opened(open.node(), 1);
        return FuseReply.open(room, open.unique(), file.howToOpen());
    }

    private void opened(long node, int change) {
        if (book != null && !left) {
            book.opened(FlatFiles.number(node), change);
        }
    }

    private void read(FuseRequest.Read read, ByteBuffer room) {
        FlatNode file = files.at(read.node());
        if (file == null || read.length() > MAX_READ) {
            reply(FuseReply.error(room, read.unique(), file == null ? Errno.EIO : Errno.EINVAL));
            return;
        }
        int count = Math.clamp(file.size() - read.offset(), 0, read.length());
        if (count > 0 && !file.content().isHere(read.offset(), count)) {
            reads.begin(file, read, count);
            return;
        }
        try {
            reply(FlatReads.read(file, read, count, room));
        } catch (ImageException e) {
            reads.report(file, read, e);
            reply(FuseReply.error(room, read.unique(), Errno.EIO));
        }
    }

    private void reply(ByteBuffer reply) {
        if (left) {
            return;
        }
        int result = calls.reply(connection, reply);
        // ENOENT: who asked has gone. ENODEV: all have.
        if (result < 0 && result != -Errno.ENOENT && result != -Errno.ENODEV) {
            LOG.log(System.Logger.Level.WARNING, "the kernel does not take a reply: " + Errno.name(result));
        }
    }
}
