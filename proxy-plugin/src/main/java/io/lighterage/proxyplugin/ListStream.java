package io.lighterage.proxyplugin;

import io.grpc.stub.ServerCallStreamObserver;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.ListSnapshotsResponse;
import java.util.Iterator;
import java.util.List;

/// Sends a list as fast as the client takes it, so that one who does not read costs its rows and no messages.
final class ListStream {
    /// As many as containerd's own snapshotters put into one message.
    private static final int MOST_INFOS = 100;

    /// A quarter of what a client takes in one message; one snapshot has at most what came in one.
    private static final int MOST_BYTES = 4 << 20;

    private final Iterator<SnapshotRecord> records;
    private final ServerCallStreamObserver<ListSnapshotsResponse> client;
    private boolean ended;

    ListStream(List<SnapshotRecord> records, ServerCallStreamObserver<ListSnapshotsResponse> client) {
        this.records = records.iterator();
        this.client = client;
    }

    /// Sends what the client takes now and has gRPC ask for the rest.
    void start() {
        client.setOnReadyHandler(this::send);
        send();
    }

    private void send() {
        while (!ended && client.isReady()) {
            if (records.hasNext()) {
                client.onNext(batch());
            } else {
                ended = true;
                client.onCompleted();
            }
        }
    }

    private ListSnapshotsResponse batch() {
        ListSnapshotsResponse.Builder batch = ListSnapshotsResponse.newBuilder();
        long bytes = 0;
        while (records.hasNext() && batch.getInfoCount() < MOST_INFOS && bytes < MOST_BYTES) {
            Info info = Messages.info(records.next());
            bytes += info.getSerializedSize();
            batch.addInfo(info);
        }
        return batch.build();
    }
}
