package io.lighterage.proxyplugin;

import com.google.protobuf.Empty;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.contentstore.SnapshotUsage;
import io.lighterage.proxyplugin.filters.FilterSet;
import io.lighterage.proxyplugin.protocol.CleanupRequest;
import io.lighterage.proxyplugin.protocol.CommitSnapshotRequest;
import io.lighterage.proxyplugin.protocol.ListSnapshotsRequest;
import io.lighterage.proxyplugin.protocol.ListSnapshotsResponse;
import io.lighterage.proxyplugin.protocol.MountsRequest;
import io.lighterage.proxyplugin.protocol.MountsResponse;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotResponse;
import io.lighterage.proxyplugin.protocol.RemoveSnapshotRequest;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc.SnapshotsImplBase;
import io.lighterage.proxyplugin.protocol.StatSnapshotRequest;
import io.lighterage.proxyplugin.protocol.StatSnapshotResponse;
import io.lighterage.proxyplugin.protocol.UpdateSnapshotRequest;
import io.lighterage.proxyplugin.protocol.UpdateSnapshotResponse;
import io.lighterage.proxyplugin.protocol.UsageRequest;
import io.lighterage.proxyplugin.protocol.UsageResponse;
import io.lighterage.proxyplugin.protocol.ViewSnapshotRequest;
import io.lighterage.proxyplugin.protocol.ViewSnapshotResponse;
import io.lighterage.remotesnapshotter.snapshots.PrepareResult;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import java.util.List;
import java.util.function.Supplier;

/// `containerd.services.snapshots.v1.Snapshots`: each call is one of [Snapshotter].
final class SnapshotsService extends SnapshotsImplBase {
    private final Snapshotter snapshotter;

    SnapshotsService(Snapshotter snapshotter) {
        this.snapshotter = snapshotter;
    }

    @Override
    public void prepare(PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> answer) {
        answer(answer, () -> {
            PrepareResult result = snapshotter.prepare(
                    Messages.key(request.getKey()),
                    Messages.parent(request.getParent()),
                    Messages.labels(request.getLabelsList()));
            return switch (result) {
                case PrepareResult.Mounted(var mounts) ->
                    PrepareSnapshotResponse.newBuilder()
                            .addAllMounts(Messages.mounts(mounts))
                            .build();
                case PrepareResult.AlreadyExists(var name) ->
                    throw new ImageException(
                            ErrorKind.ALREADY_EXISTS,
                            "the target of " + Messages.key(request.getKey()) + " is here as snapshot " + name);
            };
        });
    }

    @Override
    public void view(ViewSnapshotRequest request, StreamObserver<ViewSnapshotResponse> answer) {
        answer(
                answer,
                () -> ViewSnapshotResponse.newBuilder()
                        .addAllMounts(Messages.mounts(snapshotter.view(
                                Messages.key(request.getKey()),
                                Messages.parent(request.getParent()),
                                Messages.labels(request.getLabelsList()))))
                        .build());
    }

    @Override
    public void mounts(MountsRequest request, StreamObserver<MountsResponse> answer) {
        answer(
                answer,
                () -> MountsResponse.newBuilder()
                        .addAllMounts(Messages.mounts(snapshotter.mounts(Messages.key(request.getKey()))))
                        .build());
    }

    @Override
    public void commit(CommitSnapshotRequest request, StreamObserver<Empty> answer) {
        answer(answer, () -> {
            snapshotter.commit(
                    Messages.key(request.getName()),
                    Messages.key(request.getKey()),
                    Messages.parent(request.getParent()),
                    Messages.labels(request.getLabelsList()));
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void remove(RemoveSnapshotRequest request, StreamObserver<Empty> answer) {
        answer(answer, () -> {
            snapshotter.remove(Messages.key(request.getKey()));
            return Empty.getDefaultInstance();
        });
    }

    @Override
    public void stat(StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> answer) {
        answer(
                answer,
                () -> StatSnapshotResponse.newBuilder()
                        .setInfo(Messages.info(snapshotter.stat(Messages.key(request.getKey()))))
                        .build());
    }

    @Override
    public void update(UpdateSnapshotRequest request, StreamObserver<UpdateSnapshotResponse> answer) {
        answer(answer, () -> {
            LabelUpdate change = Messages.labelUpdate(
                    request.getUpdateMask().getPathsList(),
                    Messages.labels(request.getInfo().getLabelsList()));
            SnapshotRecord updated =
                    snapshotter.update(Messages.key(request.getInfo().getName()), change);
            return UpdateSnapshotResponse.newBuilder()
                    .setInfo(Messages.info(updated))
                    .build();
        });
    }

    /// The rows are those of the moment of the call, so that calls in between neither wait nor make others wait.
    @Override
    @SuppressWarnings("CatchingUnchecked") // whatever happens, the client gets an answer
    public void list(ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> answer) {
        try {
            FilterSet filters = FilterSet.parse(request.getFiltersList());
            List<SnapshotRecord> matching = snapshotter.list().stream()
                    .filter(record -> filters.matches(new SnapshotFields(record)))
                    .toList();
            new ListStream(matching, (ServerCallStreamObserver<ListSnapshotsResponse>) answer).start();
        } catch (RuntimeException e) {
            answer.onError(StatusOf.failure(e).asRuntimeException());
        }
    }

    @Override
    public void usage(UsageRequest request, StreamObserver<UsageResponse> answer) {
        answer(answer, () -> {
            SnapshotUsage usage = snapshotter.usage(Messages.key(request.getKey()));
            return UsageResponse.newBuilder()
                    .setSize(usage.bytes())
                    .setInodes(usage.inodes())
                    .build();
        });
    }

    @Override
    public void cleanup(CleanupRequest request, StreamObserver<Empty> answer) {
        answer(answer, () -> {
            snapshotter.cleanup();
            return Empty.getDefaultInstance();
        });
    }

    @SuppressWarnings("CatchingUnchecked") // whatever happens, the client gets an answer
    private static <T> void answer(StreamObserver<T> answer, Supplier<T> call) {
        T result;
        try {
            result = call.get();
        } catch (RuntimeException e) {
            Status status = StatusOf.failure(e);
            answer.onError(status.asRuntimeException());
            return;
        }
        answer.onNext(result);
        answer.onCompleted();
    }
}
