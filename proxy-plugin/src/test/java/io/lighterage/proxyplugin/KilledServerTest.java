package io.lighterage.proxyplugin;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lighterage.proxyplugin.RunningServer.Client;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.Kind;
import io.lighterage.proxyplugin.protocol.ListSnapshotsRequest;
import io.lighterage.proxyplugin.protocol.RemoveSnapshotRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledServerTest {
    private static final int KILLS = Boolean.getBoolean("lighterage.full") ? 50 : 5;
    private static final int LATEST_KILL_MILLIS = 400;

    @TempDir
    Path folder;

    /// What the server has confirmed, by name, and what it was asked last and did not answer.
    private final Map<String, Kind> confirmed = new HashMap<>();

    private final Set<String> unknown = new HashSet<>();

    @Test
    void whatWasAnsweredIsThereAfterAKillAtAnyMoment() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path root = folder.resolve("root");
        Path socket = folder.resolve("s.sock");
        int answered = 0;
        for (int round = 0; round < KILLS; round++) {
            Process process = ServerProcess.start(root, socket, folder.resolve("log"));
            awaitSocket(socket, process);
            try (Client client = Client.of(socket)) {
                assertMatches(client, seed);
                Thread killer = Thread.ofVirtual().start(() -> kill(process, random.nextInt(LATEST_KILL_MILLIS)));
                answered += workUntilKilled(client, round, random);
                killer.join();
            }
            process.waitFor();
        }
        assertThat(answered).as("seed %d: calls that were answered", seed).isPositive();
        try (RunningServer server = RunningServer.start(root, socket);
                Client client = Client.of(socket)) {
            assertMatches(client, seed);
            server.snapshotter().cleanup();
            try (Stream<Path> directories = Files.list(root.resolve("snapshots"))) {
                assertThat(directories)
                        .as("seed %d", seed)
                        .hasSize(server.snapshotter().list().size());
            }
        }
    }

    private static void awaitSocket(Path socket, Process process) throws InterruptedException {
        while (process.isAlive()) {
            try (Client client = Client.of(socket)) {
                client.calls().list(ListSnapshotsRequest.getDefaultInstance()).forEachRemaining(page -> {});
                return;
            } catch (StatusRuntimeException e) {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
                TimeUnit.MILLISECONDS.sleep(50);
            }
        }
        throw new AssertionError("the server ended by itself");
    }

    private static void kill(Process process, int afterMillis) {
        try {
            boolean ended = process.waitFor(afterMillis, TimeUnit.MILLISECONDS);
            assertThat(ended).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }

    private int workUntilKilled(Client client, int round, Random random) {
        int answered = 0;
        String current = "";
        try {
            for (int i = 0; ; i++) {
                String key = "k" + round + "-" + i;
                current = key;
                client.prepare(key, "");
                confirmed.put(key, Kind.ACTIVE);
                if (random.nextInt(3) == 0) {
                    unknown.add("c" + key);
                    client.commit("c" + key, key);
                    unknown.remove("c" + key);
                    confirmed.remove(key);
                    confirmed.put("c" + key, Kind.COMMITTED);
                } else if (random.nextBoolean()) {
                    var ignored = client.calls()
                            .remove(RemoveSnapshotRequest.newBuilder()
                                    .setKey(ByteString.copyFromUtf8(key))
                                    .build());
                    confirmed.remove(key);
                }
                answered++;
            }
        } catch (StatusRuntimeException e) {
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
            confirmed.remove(current); // nobody can know how far that one got
            unknown.add(current);
        }
        return answered;
    }

    private void assertMatches(Client client, long seed) {
        Map<String, Kind> found = new HashMap<>();
        client.calls().list(ListSnapshotsRequest.getDefaultInstance()).forEachRemaining(page -> {
            for (Info info : page.getInfoList()) {
                found.put(info.getName().toStringUtf8(), info.getKind());
            }
        });
        found.keySet().removeAll(unknown);
        assertThat(found).as("seed %d", seed).isEqualTo(confirmed);
    }
}
