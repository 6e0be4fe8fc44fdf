package io.lighterage.bench;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.lighterage.proxyplugin.protocol.Label;
import io.lighterage.proxyplugin.protocol.ListSnapshotsRequest;
import io.lighterage.proxyplugin.protocol.ListSnapshotsResponse;
import io.lighterage.proxyplugin.protocol.PrepareSnapshotRequest;
import io.lighterage.proxyplugin.protocol.RemoveSnapshotRequest;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc;
import io.lighterage.proxyplugin.protocol.SnapshotsGrpc.SnapshotsBlockingStub;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// How long a snapshotter takes to say that a layer exists already, asked as containerd's unpacker asks: layer after
/// layer, with the labels of the CRI plugin, and then a writable snapshot on top.
///
///     PrepareLatency SOCKET IMAGE MANIFEST-DIGEST ROUNDS LAYER-DIGEST=CHAIN-ID…
///
/// Prints a line `ROUND LAYER MICROSECONDS` for each call; layer 0 is the lowest, and the one after the last is the
/// container's. All snapshots of a round are removed before the next, so each round opens the image anew; the daemon
/// gets a moment to clean up behind them, since nobody pulls an image in the middle of that.
public final class PrepareLatency {
    private static final long CLEANING_MILLIS = 500;

    private static final String CRI = "containerd.io/snapshot/cri.";

    private final SnapshotsBlockingStub snapshots;
    private final Map<String, String> image;
    private final List<String> layers;
    private final List<String> chains;

    private PrepareLatency(SnapshotsBlockingStub snapshots, Map<String, String> image, List<String> pairs) {
        this.snapshots = snapshots;
        this.image = image;
        layers =
                pairs.stream().map(pair -> pair.substring(0, pair.indexOf('='))).toList();
        chains = pairs.stream()
                .map(pair -> pair.substring(pair.indexOf('=') + 1))
                .toList();
    }

    /// @param args as above
    /// @throws InterruptedException when the connection does not end
    public static void main(String[] args) throws InterruptedException {
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ManagedChannel channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(Path.of(args[0])))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(loop)
                .overrideAuthority("localhost")
                .usePlaintext()
                .build();
        try {
            Map<String, String> image = Map.of(CRI + "image-ref", args[1], CRI + "manifest-digest", args[2]);
            List<String> layers = Arrays.asList(args).subList(4, args.length);
            PrepareLatency latency = new PrepareLatency(SnapshotsGrpc.newBlockingStub(channel), image, layers);
            for (int round = 0; round < Integer.parseInt(args[3]); round++) {
                latency.round(round);
                Thread.sleep(CLEANING_MILLIS);
            }
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private void round(int round) {
        List<String> made = new ArrayList<>();
        String parent = "";
        for (int layer = 0; layer < layers.size(); layer++) {
            String target = chains.get(layer);
            long began = System.nanoTime();
            Optional<Status.Code> answer =
                    prepare("bench/" + round + "-" + layer + " " + target, parent, labels(layer, target));
            report(round, layer, began);
            if (answer.orElse(Status.Code.OK) != Status.Code.ALREADY_EXISTS) {
                throw new IllegalStateException("layer " + layer + " was not taken: " + answer);
            }
            parent = nameOf(target, parent);
            made.add(parent);
        }
        String container = "bench-container-" + round;
        long began = System.nanoTime();
        Optional<Status.Code> refusal = prepare(container, parent, Map.of());
        if (refusal.isPresent()) {
            throw new IllegalStateException("round " + round + ", no snapshot for a container: " + refusal.get());
        }
        report(round, layers.size(), began);
        made.add(container);
        Collections.reverse(made);
        made.forEach(this::remove);
    }

    private Map<String, String> labels(int layer, String target) {
        Map<String, String> labels = new HashMap<>(image);
        labels.put("containerd.io/snapshot.ref", target);
        labels.put(CRI + "layer-digest", layers.get(layer));
        labels.put(CRI + "image-layers", String.join(",", layers.subList(layer, layers.size())));
        return labels;
    }

    private static void report(int round, int layer, long began) {
        System.out.println(round + " " + layer + " " + (System.nanoTime() - began) / 1000);
    }

    /// @return the code of a refusal
    private Optional<Status.Code> prepare(String key, String parent, Map<String, String> labels) {
        try {
            var ignored = snapshots.prepare(PrepareSnapshotRequest.newBuilder()
                    .setKey(ByteString.copyFromUtf8(key))
                    .setParent(ByteString.copyFromUtf8(parent))
                    .addAllLabels(labels.entrySet().stream()
                            .map(e -> label(e.getKey(), e.getValue()))
                            .toList())
                    .build());
            return Optional.empty();
        } catch (StatusRuntimeException e) {
            return Optional.of(e.getStatus().getCode());
        }
    }

    private static Label label(String key, String value) {
        return Label.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setValue(ByteString.copyFromUtf8(value))
                .build();
    }

    /// How the snapshotter calls what it took; containerd looks for it in the same way.
    private String nameOf(String target, String parent) {
        String filter = "labels.\"containerd.io/snapshot.ref\"==" + target + ",parent==\"" + parent + "\"";
        Iterator<ListSnapshotsResponse> found = snapshots.list(
                ListSnapshotsRequest.newBuilder().addFilters(filter).build());
        List<String> names = new ArrayList<>();
        found.forEachRemaining(part ->
                part.getInfoList().forEach(info -> names.add(info.getName().toStringUtf8())));
        if (names.size() != 1) {
            throw new IllegalStateException(names.size() + " snapshots for " + filter);
        }
        return names.getFirst();
    }

    private void remove(String key) {
        var ignored = snapshots.remove(RemoveSnapshotRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .build());
    }
}
