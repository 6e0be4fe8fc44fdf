package io.lighterage.remotesnapshotter.flat;

import static io.lighterage.stargz.tar.Tars.file;
import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.NativeFuseCalls;
import io.lighterage.remotesnapshotter.apply.Unpacking;
import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.index.IndexedTar;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the server answers, to a kernel in memory and to the real one.
@Timeout(120)
class FlatServerTest {
    private final ScriptedKernel kernel = new ScriptedKernel();
    private final IndexedTar layer = IndexedTar.of(file("a", "first"), file("b", "x".repeat(5000)));
    private final String name = layer.index().layer().hex() + "-0";

    @AfterEach
    void end() {
        kernel.unmount();
    }

    /// A flat file in memory that may have to be waited for.
    private static final class Bytes implements TreeContent {
        private final byte[] flat;
        private final CountDownLatch here;
        private final AtomicInteger waits = new AtomicInteger();

        Bytes(byte[] flat, int locks) {
            this.flat = flat.clone();
            here = new CountDownLatch(locks);
        }

        @Override
        public boolean isHere(long flatOffset, long length) {
            return here.getCount() == 0;
        }

        @Override
        public void ensure(long flatOffset, long length) {
            waits.incrementAndGet();
            try {
                here.await();
            } catch (InterruptedException e) {
                throw new ImageException(ErrorKind.CANCELLED, "interrupted", e);
            }
        }

        @Override
        public int read(long flatOffset, ByteBuffer target) {
            int count = (int) Math.min(target.remaining(), flat.length - flatOffset);
            target.put(flat, (int) flatOffset, count);
            return count;
        }
    }

    private static int error(ByteBuffer reply) {
        return -reply.getInt(4);
    }

    private static byte[] payload(ByteBuffer reply) {
        byte[] bytes = new byte[reply.remaining() - FuseFormat.OUT_HEADER];
        reply.get(FuseFormat.OUT_HEADER, bytes);
        return bytes;
    }

    @Test
    void aFileIsFoundOpenedAndRead() throws Exception {
        FlatServer server = FlatServer.start(kernel);
        try (ServedFile served = server.serve(layer.index(), new Bytes(layer.flat(), 0))) {
            assertThat(served.path().toString()).isEqualTo("/proc/self/fd/101/" + name);
            assertThat(error(kernel.ask(Frames.init(7, 45, -1)))).isZero();
            ByteBuffer entry = kernel.ask(Frames.lookup(4, name));
            long node = entry.getLong(16);
            assertThat(node).isEqualTo(FlatFiles.node(0, 0));
            assertThat(entry.getLong(64)).isEqualTo(layer.flat().length);
            ByteBuffer open = kernel.ask(Frames.request(FuseFormat.OPEN, 6, node, new byte[8]));
            assertThat(open.getInt(24)).isEqualTo(FuseFormat.OPEN_KEEP_CACHE | FuseFormat.OPEN_NO_FLUSH);
            assertThat(payload(kernel.ask(Frames.read(8, node, 0, 4096)))).isEqualTo(Arrays.copyOf(layer.flat(), 4096));
            assertThat(payload(kernel.ask(Frames.read(10, node, 8192, 1 << 20))))
                    .as("up to the end")
                    .isEqualTo(Arrays.copyOfRange(layer.flat(), 8192, layer.flat().length));
            assertThat(payload(kernel.ask(Frames.read(12, node, 1 << 30, 4096))))
                    .isEmpty();
            assertThat(error(kernel.ask(Frames.read(14, node, 0, (1 << 20) + 1))))
                    .isEqualTo(Errno.EINVAL);
        }
        assertThat(error(kernel.ask(Frames.lookup(16, name)))).isEqualTo(Errno.ENOENT);
        assertThat(error(kernel.ask(Frames.read(18, FlatFiles.node(0, 0), 0, 4096))))
                .isEqualTo(Errno.EIO);
        server.close();
    }

    @Test
    void whatIsNotDoneIsSaidToBeSo() throws Exception {
        FlatServer server = FlatServer.start(kernel);
        for (int opcode : new int[] {16, 22, 25, 27, 28, 44, 9999}) {
            assertThat(error(kernel.ask(Frames.request(opcode, 2L * opcode, 1, new byte[64]))))
                    .as("opcode %d", opcode)
                    .isEqualTo(Errno.ENOSYS);
        }
        assertThat(error(kernel.ask(Frames.request(FuseFormat.GETATTR, 4, 77, new byte[16]))))
                .isEqualTo(Errno.ESTALE);
        assertThat(error(kernel.ask(Frames.request(FuseFormat.OPEN, 6, 77, new byte[8]))))
                .isEqualTo(Errno.ESTALE);
        assertThat(error(kernel.ask(Frames.init(7, 20, 0)))).isEqualTo(Errno.EPROTO);
        server.close();
    }

    @Test
    void garbageIsAnsweredOrDroppedAndTheNextRequestServed() throws Exception {
        FlatServer server = FlatServer.start(kernel);
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (bytes.length >= 16) {
                ByteBuffer.wrap(bytes).putLong(8, 0); // wants no reply
            }
            kernel.send(ByteBuffer.wrap(bytes));
        }
        assertThat(error(kernel.ask(Frames.lookup(4, "abc").limit(42)))).isEqualTo(Errno.EINVAL);
        assertThat(error(kernel.ask(Frames.request(FuseFormat.STATFS, 6, 1, new byte[0]))))
                .isZero();
        assertThat(kernel.left()).isZero();
        server.close();
    }

    @Test
    void aReadThatWaitsHoldsUpNothing() throws Exception {
        Bytes late = new Bytes(layer.flat(), 1);
        FlatServer server = FlatServer.start(kernel);
        try (ServedFile ignored = server.serve(layer.index(), late)) {
            long node = kernel.ask(Frames.lookup(2, name)).getLong(16);
            ByteBuffer open = kernel.ask(Frames.request(FuseFormat.OPEN, 4, node, new byte[8]));
            assertThat(open.getInt(24)).isEqualTo(FuseFormat.OPEN_DIRECT | FuseFormat.OPEN_NO_FLUSH);
            for (int i = 0; i < 100; i++) {
                kernel.send(Frames.read(1000 + 2 * i, node, 0, 4096));
            }
            assertThat(error(kernel.ask(Frames.request(FuseFormat.STATFS, 6, 1, new byte[0]))))
                    .isZero();
            late.here.countDown();
            for (int i = 0; i < 100; i++) {
                assertThat(payload(kernel.replyTo(1000 + 2 * i))).isEqualTo(Arrays.copyOf(layer.flat(), 4096));
            }
            // A thread of the server may have had one in its hands when the bytes came.
            assertThat(late.waits.get()).as("they wait together").isBetween(1, 4);
        }
        server.close();
    }

    @Test
    void anInterruptOfAnUnknownReadIsToBeRepeatedAndOneOfADyingReaderEndsIt() throws Exception {
        Bytes never = new Bytes(layer.flat(), 1);
        FlatServer server = FlatServer.start(kernel);
        try (ServedFile ignored = server.serve(layer.index(), never)) {
            long node = kernel.ask(Frames.lookup(2, name)).getLong(16);
            assertThat(error(kernel.ask(Frames.interrupt(3, 8)))).isEqualTo(Errno.EAGAIN);
            ByteBuffer read = Frames.read(8, node, 0, 4096);
            read.putInt(32, Integer.MAX_VALUE); // a thread that is not there any more
            kernel.send(read);
            awaitOne(never);
            kernel.send(Frames.interrupt(9, 8));
            assertThat(error(kernel.replyTo(8))).isEqualTo(Errno.EINTR);
            kernel.send(Frames.read(10, node, 0, 4096)
                    .putInt(32, (int) ProcessHandle.current().pid()));
            kernel.send(Frames.interrupt(11, 10));
            never.here.countDown();
            assertThat(error(kernel.replyTo(10))).as("of one that lives").isZero();
        }
        server.close();
    }

    @Test
    void allPagesOfAChunkWaitForTheSameAlsoTheOneThatItEndsIn() {
        IndexedTar two = IndexedTar.of(
                io.lighterage.stargz.tar.Tars.tarOf(file("a", "x".repeat(5000)), file("b", "x".repeat(9000))), 6000);
        FlatNode node = new FlatFiles().add(two.index(), new Bytes(two.flat(), 0));
        FlatReads.Span first = FlatReads.Span.of(node, 0, 4096);
        assertThat(FlatReads.Span.of(node, 4096, 4096)).isEqualTo(first);
        assertThat(FlatReads.Span.of(node, 0, 8192)).isEqualTo(first);
        assertThat(FlatReads.Span.of(node, 8192, 4096)).isNotEqualTo(first);
        FlatReads.Span last = FlatReads.Span.of(node, 16384, 4096);
        assertThat(last).isEqualTo(new FlatReads.Span(node, 2, 2));
        assertThat(FlatReads.Span.of(node, 12288, 4096)).isEqualTo(new FlatReads.Span(node, 1, 2));
    }

    private static void awaitOne(Bytes content) throws InterruptedException {
        while (content.waits.get() == 0) {
            Thread.sleep(1);
        }
    }

    @Test
    void readsOfAContentThatIsGivenUpFail() throws Exception {
        Bytes never = new Bytes(layer.flat(), 1);
        FlatServer server = FlatServer.start(kernel);
        ServedFile one = server.serve(layer.index(), never);
        ServedFile two = server.serve(layer.index(), never);
        assertThat(one.path()).isEqualTo(two.path());
        long node = kernel.ask(Frames.lookup(2, name)).getLong(16);
        kernel.send(Frames.read(8, node, 0, 4096));
        awaitOne(never);
        one.close();
        one.close();
        assertThat(kernel.left()).as("the other user still waits").isZero();
        two.close();
        assertThat(error(kernel.replyTo(8))).isEqualTo(Errno.EIO);
        try (ServedFile again = server.serve(layer.index(), new Bytes(layer.flat(), 0))) {
            assertThat(again.path().toString()).endsWith("-1");
            assertThat(kernel.ask(Frames.lookup(10, layer.index().layer().hex() + "-1"))
                            .getLong(16))
                    .isEqualTo(FlatFiles.node(0, 1));
        }
        server.close();
    }

    @Test
    void theEndClosesBothDescriptors() throws Exception {
        FlatServer server = FlatServer.start(kernel);
        server.close();
        server.close();
        kernel.unmount();
        assertThat(server.ended().await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(kernel.closed()).containsExactly(101, 100);
    }

    @Test
    void theKernelReadsAFlatFileAtAnyOffsetAndTheServerEndsWithItsLastUser() throws Exception {
        Unpacking.assumeRoot();
        byte[] content = new byte[3_000_000];
        new Random(1).nextBytes(content);
        IndexedTar large = IndexedTar.of(io.lighterage.stargz.tar.Tars.tarOf(file("f", content)), 100_000);
        FlatServer server = FlatServer.start(new NativeFuseCalls());
        try (ServedFile served = server.serve(large.index(), new Bytes(large.flat(), 0))) {
            String path = served.path()
                    .toString()
                    .replace("self", Long.toString(ProcessHandle.current().pid()));
            String sum = Unpacking.command("sh", "-c", "sha256sum < " + path).substring(0, 64);
            assertThat(sum)
                    .isEqualTo(io.lighterage.contentstore.Digest.sha256(large.flat())
                            .hex());
            assertThat(Unpacking.command("stat", "-L", "-c", "%s %a %h", path).trim())
                    .isEqualTo(large.flat().length + " 400 1");
            String part = "tail -c +123457 " + path + " | head -c 5000 | sha256sum";
            assertThat(Unpacking.command("sh", "-c", part).substring(0, 64))
                    .isEqualTo(
                            io.lighterage.contentstore.Digest.sha256(Arrays.copyOfRange(large.flat(), 123_456, 128_456))
                                    .hex());
        }
        server.close();
        assertThat(server.ended().await(60, TimeUnit.SECONDS)).isTrue();
    }
}
