package io.lighterage.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SlowLinkTest {
    private static final int SIZE = 300_000;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private ServerSocket server;

    @BeforeEach
    void serveEchoes() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(() -> {
            try {
                while (true) {
                    Socket client = server.accept();
                    threads.execute(() -> echo(client));
                }
            } catch (IOException e) {
                assertThat(server.isClosed()).isTrue();
            }
        });
    }

    private static void echo(Socket client) {
        try (client) {
            client.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // seen by the client as an end
        }
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        threads.shutdownNow();
    }

    @Test
    void bytesComeBackUnchangedOverManyConnectionsAndAreCounted() throws Exception {
        int connections = 5;
        try (SlowLink link = open(new LinkSpeed(200, Duration.ofMillis(5)))) {
            List<Future<byte[]>> echoes = new ArrayList<>();
            for (int seed = 0; seed < connections; seed++) {
                byte[] sent = bytes(seed);
                echoes.add(threads.submit(() -> echo(link, sent)));
            }
            for (int seed = 0; seed < connections; seed++) {
                assertThat(echoes.get(seed).get()).as("seed " + seed).isEqualTo(bytes(seed));
            }
            assertThat(link.received()).isEqualTo((long) connections * SIZE);
        }
    }

    @Test
    void aConnectionEndsWhenTheLineIsClosed() throws Exception {
        SlowLink link = open(LinkSpeed.of(0));
        try (Socket client = connect(link)) {
            client.getOutputStream().write(1);
            assertThat(client.getInputStream().read()).isEqualTo(1);
            link.close();
            assertThat(read(client)).isEqualTo(-1);
        }
    }

    @Test
    void aServerThatIsGoneIsAConnectionThatEnds() throws Exception {
        try (SlowLink link = open(LinkSpeed.of(0))) {
            server.close();
            try (Socket client = connect(link)) {
                assertThat(read(client)).isEqualTo(-1);
            }
        }
    }

    /// A reset is an end too.
    private static int read(Socket client) {
        try {
            return client.getInputStream().read();
        } catch (IOException e) {
            return -1;
        }
    }

    private SlowLink open(LinkSpeed speed) {
        return SlowLink.to(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()), speed);
    }

    private static Socket connect(SlowLink link) throws IOException {
        String[] parts = link.hostPort().split(":", 2);
        return new Socket(parts[0], Integer.parseInt(parts[1]));
    }

    private byte[] echo(SlowLink link, byte[] sent) throws Exception {
        try (Socket client = connect(link)) {
            Future<byte[]> back = threads.submit(() -> client.getInputStream().readAllBytes());
            client.getOutputStream().write(sent);
            client.shutdownOutput();
            return back.get();
        }
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[SIZE];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
