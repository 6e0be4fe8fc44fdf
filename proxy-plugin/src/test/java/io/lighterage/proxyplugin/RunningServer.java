package io.lighterage.proxyplugin;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.disk.LocalStore;
import io.lighterage.proxyplugin.protocol.CommitSnapshotRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotRequest;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotResponse;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc.SnapshotsBlockingStub;
import io.lighterage.remotesnapshotter.snapshots.LayerSource;
import io.lighterage.remotesnapshotter.snapshots.LocalSnapshotter;
import io.lighterage.remotesnapshotter.snapshots.Snapshotter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A server on a root of its own, in this process.
record RunningServer(Store store, Snapshotter snapshotter, SnapshotterServer server) implements AutoCloseable {
    static RunningServer start(Path root, Path socket) {
        return start(root, socket, LayerSource.NONE);
    }

    static RunningServer start(Path root, Path socket, LayerSource layers) {
        Store store = LocalStore.open(root, (descriptor, bytes) -> List.of(), Clock.systemUTC());
        Snapshotter snapshotter = LocalSnapshotter.open(root, store.snapshots(), layers);
        try {
            return new RunningServer(store, snapshotter, SnapshotterServer.start(socket, snapshotter));
        } catch (RuntimeException e) {
            snapshotter.close();
            store.close();
            throw e;
        }
    }

    /// One connection to a server.
    record Client(ManagedChannel channel, EventLoopGroup loop) implements AutoCloseable {
        static Client of(Path socket) {
            EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
            ManagedChannel channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                    .channelType(NioDomainSocketChannel.class)
                    .eventLoopGroup(loop)
                    .overrideAuthority("localhost")
                    .directExecutor() // a pool of the client's would keep threads for a minute
                    .usePlaintext()
                    .build();
            return new Client(channel, loop);
        }

        SnapshotsBlockingStub calls() {
            return SnapshotsGrpc.newBlockingStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES);
        }

        PrepareSnapshotResponse prepare(String key, String parent) {
            return calls().prepare(PrepareSnapshotRequest.newBuilder()
                    .setKey(ByteString.copyFromUtf8(key))
                    .setParent(ByteString.copyFromUtf8(parent))
                    .build());
        }

        void commit(String name, String key) {
            var ignored = calls().commit(CommitSnapshotRequest.newBuilder()
                    .setName(ByteString.copyFromUtf8(name))
                    .setKey(ByteString.copyFromUtf8(key))
                    .build());
        }

        @Override
        public void close() {
            channel.shutdownNow();
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    @Override
    public void close() {
        server.close();
        snapshotter.close();
        store.close();
    }
}
