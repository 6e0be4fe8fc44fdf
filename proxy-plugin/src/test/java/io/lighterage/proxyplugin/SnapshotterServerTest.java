package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.proxyplugin.RunningServer.Client;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.Label;
import io.lighterage.proxyplugin.protocol.ListSnapshotsRequest;
import io.lighterage.proxyplugin.protocol.ListSnapshotsResponse;
import io.lighterage.proxyplugin.protocol.MountsRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotRequest;
import io.lighterage.proxyplugin.protocol.RemoveSnapshotRequest;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc;
import io.lighterage.proxyplugin.protocol.StatSnapshotRequest;
import io.lighterage.proxyplugin.protocol.UpdateSnapshotRequest;
import io.lighterage.proxyplugin.protocol.UsageRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotterServerTest {
    @TempDir
    Path folder;

    private Path socket;
    private RunningServer server;
    private Client client;

    @BeforeEach
    void start() {
        socket = folder.resolve("run/s.sock");
        server = RunningServer.start(folder.resolve("root"), socket);
        client = Client.of(socket);
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private static void assertStatus(Status.Code code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode())
                                .as("%s", e.getStatus())
                                .isEqualTo(code));
    }

    private List<Info> list(String... filters) {
        Iterator<ListSnapshotsResponse> pages = client.calls()
                .list(ListSnapshotsRequest.newBuilder()
                        .addAllFilters(List.of(filters))
                        .build());
        List<Info> infos = new ArrayList<>();
        pages.forEachRemaining(page -> {
            assertThat(page.getInfoCount()).isLessThanOrEqualTo(100);
            infos.addAll(page.getInfoList());
        });
        return infos;
    }

    @Test
    void onlyTheOwnerCanOpenTheSocketAndNothingElseIsLeftBesideIt() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        try (Stream<Path> files = Files.list(folder.resolve("run"))) {
            assertThat(files).containsExactly(socket);
        }
        server.server().close();
        assertThat(socket).doesNotExist();
    }

    @Test
    void aLivingServersSocketIsNotTaken() {
        assertThatThrownBy(() -> SnapshotterServer.start(socket, server.snapshotter()))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.ALREADY_EXISTS));
        assertThat(list()).isEmpty();
    }

    @Test
    void aDeadServersSocketIsReplaced() throws IOException {
        Path stale = folder.resolve("stale.sock");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(stale));
        }
        assertThat(stale).exists();
        try (SnapshotterServer second = SnapshotterServer.start(stale, server.snapshotter());
                Client other = Client.of(stale)) {
            assertThat(other.prepare("k", "").getMountsCount()).isOne();
        }
        assertThat(stale).doesNotExist();
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertThatThrownBy(() -> SnapshotterServer.start(file, server.snapshotter()))
                .isInstanceOf(ImageException.class);
        assertThat(file).hasContent("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("file", "root", "run");
        }
    }

    @Test
    void everyRefusalHasItsStatus() {
        client.prepare("a", "");
        client.prepare("x", "");
        client.commit("c", "x");
        client.prepare("child", "c");
        assertStatus(Status.Code.NOT_FOUND, () -> client.prepare("y", "none"));
        assertStatus(Status.Code.INVALID_ARGUMENT, () -> client.prepare("y", "a"));
        assertStatus(Status.Code.ALREADY_EXISTS, () -> client.prepare("c", ""));
        assertStatus(Status.Code.ALREADY_EXISTS, () -> client.commit("c", "none"));
        assertStatus(Status.Code.NOT_FOUND, () -> client.commit("d", "none"));
        assertStatus(Status.Code.FAILED_PRECONDITION, () -> client.commit("d", "c"));
        assertStatus(
                Status.Code.FAILED_PRECONDITION,
                () -> client.calls()
                        .mounts(MountsRequest.newBuilder().setKey(bytes("c")).build()));
        assertStatus(
                Status.Code.FAILED_PRECONDITION,
                () -> client.calls()
                        .remove(RemoveSnapshotRequest.newBuilder()
                                .setKey(bytes("c"))
                                .build()));
        assertStatus(
                Status.Code.NOT_FOUND,
                () -> client.calls()
                        .usage(UsageRequest.newBuilder().setKey(bytes("none")).build()));
        assertStatus(Status.Code.INVALID_ARGUMENT, () -> list("kind="));
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                () -> client.calls()
                        .update(UpdateSnapshotRequest.newBuilder()
                                .setInfo(Info.newBuilder().setName(bytes("a")))
                                .setUpdateMask(FieldMask.newBuilder().addPaths("parent"))
                                .build()));
        assertStatus(Status.Code.INVALID_ARGUMENT, () -> client.calls().stat(StatSnapshotRequest.getDefaultInstance()));
    }

    @Test
    void keysThatAreNoTextComeBackAsTheyWere() {
        ByteString key = ByteString.copyFrom(new byte[] {(byte) 0xff, 0, '/', '.', '.'});
        var ignored = client.calls()
                .prepare(PrepareSnapshotRequest.newBuilder().setKey(key).build());
        assertThat(client.calls()
                        .stat(StatSnapshotRequest.newBuilder().setKey(key).build())
                        .getInfo()
                        .getName())
                .isEqualTo(key);
        assertThat(list()).extracting(Info::getName).containsExactly(key);
    }

    @Test
    void labelsThatAreNoTextAreRefusedAndTheNextCallServed() {
        var method = SnapshotsGrpc.getStatMethod().toBuilder(new Bytes(), new Bytes())
                .setFullMethodName(SnapshotsGrpc.getPrepareMethod().getFullMethodName())
                .build();
        byte[] key = {0x12, 1, 'k'};
        byte[] label = {0x22, 6, 0x0a, 1, 'l', 0x12, 1, (byte) 0xff};
        byte[] request =
                ByteString.copyFrom(key).concat(ByteString.copyFrom(label)).toByteArray();
        assertStatus(
                Status.Code.INVALID_ARGUMENT,
                () -> ClientCalls.blockingUnaryCall(client.channel(), method, CallOptions.DEFAULT, request));
        assertThat(list()).isEmpty();
    }

    /// Messages as they are on the wire.
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void aMessageBeyondTheLimitIsRefusedAndTheNextOneServed() {
        Label label = Label.newBuilder()
                .setKey(bytes("l"))
                .setValue(bytes("v".repeat(1 << 20)))
                .build();
        PrepareSnapshotRequest.Builder large =
                PrepareSnapshotRequest.newBuilder().setKey(bytes("k"));
        IntStream.range(0, 17).forEach(i -> large.addLabels(label));
        assertStatus(Status.Code.RESOURCE_EXHAUSTED, () -> client.calls().prepare(large.build()));
        large.clearLabels().addLabels(label);
        assertStatus(Status.Code.INVALID_ARGUMENT, () -> client.calls().prepare(large.build()));
        assertThat(client.prepare("k", "").getMountsCount()).isOne();
    }

    @Test
    void aLongListComesInPages() {
        IntStream.range(0, 250).forEach(i -> client.prepare("k" + i, ""));
        assertThat(list()).hasSize(250);
        assertThat(list("name==k7", "name==k8", "kind==committed")).hasSize(2);
    }

    @Test
    void twoThousandCallsAtOnceAndAClientThatGoesLeaveNothingBehind() throws Exception {
        client.prepare("warm", "");
        storm(50, 0);
        Possessions before = Possessions.now(folder);
        try (Client leaving = Client.of(socket)) {
            for (int i = 0; i < 200; i++) {
                var ignored = SnapshotsGrpc.newFutureStub(leaving.channel())
                        .stat(StatSnapshotRequest.newBuilder()
                                .setKey(bytes("warm"))
                                .build());
            }
        }
        storm(2000, 1000);
        Possessions.assertNoMoreThan(before, folder);
        assertThat(mounts()).doesNotContain(folder.toString());
        assertThat(list()).hasSize(1);
        server.snapshotter().cleanup();
        try (Stream<Path> directories = Files.list(folder.resolve("root/snapshots"))) {
            assertThat(directories).hasSize(1);
        }
    }

    @Test
    void aServerLeavesNoThreadBehind() throws Exception {
        stop();
        start();
        stop();
        int threads = Thread.getAllStackTraces().size();
        for (int i = 0; i < 5; i++) {
            start();
            client.prepare("k" + i, "");
            stop();
        }
        assertThat(Thread.getAllStackTraces().size()).isLessThanOrEqualTo(threads + 1);
    }

    /// Prepares and removes so many snapshots, all at once.
    private void storm(int calls, int from) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Integer>> tasks = IntStream.range(from, from + calls)
                    .<Callable<Integer>>mapToObj(i -> () -> {
                        int mounts = client.prepare("storm " + i, "").getMountsCount();
                        var ignored = client.calls()
                                .remove(RemoveSnapshotRequest.newBuilder()
                                        .setKey(bytes("storm " + i))
                                        .build());
                        return mounts;
                    })
                    .toList();
            for (var done : threads.invokeAll(tasks)) {
                assertThat(done.get()).isOne();
            }
        }
    }

    private static String mounts() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"));
    }
}
