package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.FieldMask;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.proxyplugin.RunningServer.Client;
import io.lighterage.proxyplugin.protocol.CleanupRequest;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.Label;
import io.lighterage.proxyplugin.protocol.ListSnapshotsRequest;
import io.lighterage.proxyplugin.protocol.MountsRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotResponse;
import io.lighterage.proxyplugin.protocol.RemoveSnapshotRequest;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc.SnapshotsBlockingStub;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc.SnapshotsFutureStub;
import io.lighterage.proxyplugin.protocol.StatSnapshotRequest;
import io.lighterage.proxyplugin.protocol.UpdateSnapshotRequest;
import io.lighterage.proxyplugin.protocol.UsageRequest;
import io.lighterage.proxyplugin.protocol.ViewSnapshotRequest;
import io.lighterage.proxyplugin.protocol.ViewSnapshotResponse;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes on while calls wait for layers, and when those who called do not.
@Timeout(120)
class WaitingCallsTest {
    @TempDir
    Path folder;

    private final HeldLayers layers = new HeldLayers();
    private Path socket;
    private RunningServer server;
    private Client client;

    @BeforeEach
    void start() {
        socket = folder.resolve("run/s.sock");
        server = RunningServer.start(folder.resolve("root"), socket, layers);
        client = Client.of(socket);
    }

    @AfterEach
    void stop() {
        layers.release();
        client.close();
        server.close();
    }

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    /// A call that does not wait is answered within milliseconds; one that does would wait for ever.
    private SnapshotsBlockingStub calls() {
        return client.calls().withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static Label label(String key, String value) {
        return Label.newBuilder().setKey(bytes(key)).setValue(bytes(value)).build();
    }

    private static PrepareSnapshotRequest layer(String key, String target) {
        return PrepareSnapshotRequest.newBuilder()
                .setKey(bytes(key))
                .addLabels(label(Snapshotter.TARGET_LABEL, target))
                .build();
    }

    private static RemoveSnapshotRequest removal(String key) {
        return RemoveSnapshotRequest.newBuilder().setKey(bytes(key)).build();
    }

    /// @return the name of its snapshot
    private String taken(String target) {
        assertThatThrownBy(() -> calls().prepare(layer("extract " + target, target)))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.ALREADY_EXISTS));
        return server.snapshotter().list().stream()
                .filter(record -> target.equals(record.labels().get(Snapshotter.TARGET_LABEL)))
                .map(record -> record.key().text())
                .findFirst()
                .orElseThrow();
    }

    /// Every verb that needs no layer, on snapshots of its own.
    private void assertAllOthersAnswer(String name) {
        var prepared = client.prepare("making " + name, "");
        assertThat(prepared.getMountsCount()).isOne();
        assertThat(calls().mounts(MountsRequest.newBuilder()
                                .setKey(bytes("making " + name))
                                .build())
                        .getMountsCount())
                .isOne();
        client.commit(name, "making " + name);
        assertThat(calls().stat(StatSnapshotRequest.newBuilder()
                                .setKey(bytes(name))
                                .build())
                        .getInfo()
                        .getName())
                .isEqualTo(bytes(name));
        assertThat(calls().update(UpdateSnapshotRequest.newBuilder()
                                .setInfo(Info.newBuilder().setName(bytes(name)).addLabels(label("l", "v")))
                                .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
                                .build())
                        .getInfo()
                        .getLabelsList())
                .contains(label("l", "v"));
        assertThat(calls().usage(UsageRequest.newBuilder().setKey(bytes(name)).build())
                        .getInodes())
                .isPositive();
        assertThat(calls().list(ListSnapshotsRequest.getDefaultInstance())
                        .next()
                        .getInfoCount())
                .isPositive();
        var removed = calls().remove(removal(name));
        var cleaned = calls().cleanup(CleanupRequest.getDefaultInstance());
        assertThat(removed).isEqualTo(cleaned);
    }

    @Test
    void noOtherCallWaitsWhileALayerIsAskedFor() throws Exception {
        SnapshotsFutureStub calls = SnapshotsGrpc.newFutureStub(client.channel());
        List<ListenableFuture<PrepareSnapshotResponse>> waiting = IntStream.range(0, 20)
                .mapToObj(i -> calls.prepare(layer("extract " + i, "sha256:" + i)))
                .toList();
        layers.awaitWaiting(waiting.size());
        assertAllOthersAnswer("other");
        assertThat(waiting).noneMatch(ListenableFuture::isDone);
        layers.release();
        for (ListenableFuture<PrepareSnapshotResponse> prepared : waiting) {
            assertThat(prepared.get(60, TimeUnit.SECONDS).getMountsCount()).isOne();
        }
    }

    @Test
    void noOtherCallWaitsWhileALayerIsBeingMounted() throws Exception {
        String base = taken("here is one");
        SnapshotsFutureStub calls = SnapshotsGrpc.newFutureStub(client.channel());
        ListenableFuture<ViewSnapshotResponse> view = calls.view(ViewSnapshotRequest.newBuilder()
                .setKey(bytes("view"))
                .setParent(bytes(base))
                .build());
        layers.awaitWaiting(1);
        assertAllOthersAnswer("other");
        assertThat(taken("here is another")).isNotEqualTo(base);
        var removed = calls().remove(removal(base));
        assertThat(view).isNotDone();
        layers.release();
        assertThatThrownBy(() -> view.get(60, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        ExecutionException.class,
                        e -> assertThat(Status.fromThrowable(e).getCode())
                                .as("%s, %s: what it was to lie on is gone", e, removed)
                                .isEqualTo(Status.Code.NOT_FOUND));
    }

    @Test
    void clientsThatGoWhileTheirCallsWaitLeaveNothingBehind() throws Exception {
        leave(0, 4);
        Possessions before = Possessions.now(folder);
        leave(4, 200);
        Possessions.assertNoMoreThan(before, folder);
        for (SnapshotRecord made : server.snapshotter().list()) {
            server.snapshotter().remove(made.key());
        }
        server.snapshotter().cleanup();
        assertThat(folder.resolve("root/snapshots")).isEmptyDirectory();
        assertAllOthersAnswer("afterwards");
    }

    /// Has layers prepared by a client that cancels half of the calls and closes its connection during the others.
    private void leave(int from, int count) throws Exception {
        try (Client leaving = Client.of(socket)) {
            SnapshotsFutureStub calls = SnapshotsGrpc.newFutureStub(leaving.channel());
            List<ListenableFuture<PrepareSnapshotResponse>> waiting = IntStream.range(from, from + count)
                    .mapToObj(i -> calls.prepare(layer("extract " + i, "sha256:" + i)))
                    .toList();
            layers.awaitWaiting(waiting.size());
            assertThat(waiting.stream().limit(count / 2)).allMatch(call -> call.cancel(true));
        }
        layers.release();
        for (int attempt = 0; attempt < 600 && made() < from + count; attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        assertThat(made()).as("what was begun is ended").isEqualTo(from + count);
    }

    private int made() {
        return server.snapshotter().list().size();
    }
}
