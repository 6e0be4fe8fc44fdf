package io.lighterage.app.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.app.control.ControlClient.Answer;
import io.lighterage.app.control.ControlClient.Answers;
import io.lighterage.app.control.ControlServer.Limits;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class ControlTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final long OWN = ProcessHandle.current().pid();

    /// Nobody's: beyond what Linux ever gives out (4,194,304).
    private static final long DEAD = 99_999_999;

    private static final Map<String, Function<JsonNode, JsonNode>> HANDLERS = Map.of(
            "echo", arguments -> arguments,
            "name", arguments -> JsonNodeFactory.instance.stringNode("line\nfeed é"),
            "fail", arguments -> fail(new ImageException(ErrorKind.PRECONDITION, "not now")),
            "break", arguments -> fail(new IllegalStateException("broken")));

    @TempDir
    Path root;

    private static JsonNode fail(RuntimeException failure) {
        throw failure;
    }

    private ControlServer listen(long pid) {
        return ControlServer.listen(root, pid, HANDLERS, Limits.USUAL);
    }

    private ControlClient client() {
        return new ControlClient(root, LONG);
    }

    private static ObjectNode arguments() {
        return JsonNodeFactory.instance.objectNode().put("directory", "/mnt/ü");
    }

    private Path socket(long pid) {
        return root.resolve("run").resolve(pid + ".sock");
    }

    @Test
    void aRequestIsAnsweredByItsHandler() {
        try (ControlServer server = ControlServer.listen(root, HANDLERS)) {
            assertThat(server).isNotNull();
            assertThat(client().ask("echo", arguments()).answers()).containsExactly(new Answer(OWN, arguments()));
            assertThat(client().ask(OWN, "name", arguments()).stringValue()).isEqualTo("line\nfeed é");
        }
        assertThat(socket(OWN)).doesNotExist();
        assertThat(client().ask("echo", arguments()).answers()).isEmpty();
    }

    @Test
    void aFailureReachesTheClientWithItsKind() {
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            fails(() -> client().ask(OWN, "fail", arguments()), ErrorKind.PRECONDITION, "not now");
            fails(() -> client().ask(OWN, "break", arguments()), ErrorKind.INTERNAL, "broken");
            fails(() -> client().ask(OWN, "nosuch", arguments()), ErrorKind.NOT_FOUND, "[break, echo, fail, name]");
            Answers all = client().ask("fail", arguments());
            assertThat(all.answers()).isEmpty();
            assertThat(all.failures().getFirst().cause().kind()).isEqualTo(ErrorKind.PRECONDITION);
        }
    }

    @Test
    void everyProcessIsAsked() throws IOException {
        try (ControlServer one = listen(OWN);
                ControlServer other = listen(1)) {
            assertThat(List.of(one, other)).isNotEmpty();
            Files.writeString(root.resolve("run/notes.txt"), "not a socket");
            Files.writeString(root.resolve("run/0.sock"), "not a pid");
            assertThat(client().ask("name", arguments()).answers())
                    .extracting(Answer::pid)
                    .containsExactly(1L, OWN);
        }
    }

    @Test
    void onlyTheOwnerCanTalkToIt() throws IOException {
        Files.createDirectory(root.resolve("run"));
        Files.setPosixFilePermissions(root.resolve("run"), PosixFilePermissions.fromString("rwxrwxrwx"));
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("run"))))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket(OWN))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void whatDeadProcessesLeftIsRemovedAndWhatLivesIsKept() throws IOException {
        for (long pid : new long[] {DEAD, OWN, 1}) {
            bind(pid).close();
        }
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            assertThat(socket(DEAD)).doesNotExist();
            assertThat(socket(1)).exists();
            assertThat(client().ask("name", arguments()).answers()).hasSize(1);
            assertThat(client().ask("name", arguments()).failures()).isEmpty();
            fails(() -> client().ask(1, "name", arguments()), ErrorKind.NOT_FOUND, "has ended");
            fails(() -> client().ask(DEAD, "name", arguments()), ErrorKind.NOT_FOUND, "has ended");
        }
    }

    @Test
    void aProcessListensOnce() {
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            fails(() -> listen(OWN), ErrorKind.ALREADY_EXISTS, "already");
            assertThat(client().ask("name", arguments()).answers()).hasSize(1);
        }
    }

    @Test
    void aPathLongerThanAnAddressIsNoHindrance() throws IOException {
        Path longer = root.resolve("a".repeat(100)).resolve("b".repeat(100));
        Files.createDirectories(longer);
        try (ControlServer server = ControlServer.listen(longer, OWN, HANDLERS, Limits.USUAL)) {
            assertThat(server).isNotNull();
            assertThat(longer.resolve("run/" + OWN + ".sock")).exists();
            ControlClient client = new ControlClient(longer, LONG);
            assertThat(client.ask("echo", arguments()).answers()).hasSize(1);
        }
        assertThat(longer.resolve("run")).isEmptyDirectory();
    }

    private ServerSocketChannel bind(long pid) throws IOException {
        Files.createDirectories(root.resolve("run"));
        Files.deleteIfExists(socket(pid));
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket(pid)));
    }

    /// How a server meets its one client.
    private interface Manners {
        void meet(InputStream in, OutputStream out) throws Exception;
    }

    private void besideAServerThat(Manners manners, Duration timeout, ErrorKind kind, String words) throws Exception {
        try (ServerSocketChannel bad = bind(1);
                ControlServer good = listen(OWN)) {
            assertThat(good).isNotNull();
            Thread meeting = Thread.ofVirtual().start(() -> {
                try (SocketChannel client = bad.accept()) {
                    manners.meet(Channels.newInputStream(client), Channels.newOutputStream(client));
                } catch (Exception e) {
                    Thread.currentThread().interrupt(); // the client has had enough
                }
            });
            Answers answers = new ControlClient(root, timeout).ask("name", arguments());
            assertThat(answers.answers()).extracting(Answer::pid).containsExactly(OWN);
            assertThat(answers.failures()).hasSize(1);
            assertThat(answers.failures().getFirst().pid()).isEqualTo(1);
            ImageException cause = answers.failures().getFirst().cause();
            assertThat(cause).hasMessageContaining(words);
            assertThat(cause.kind()).isEqualTo(kind);
            meeting.interrupt();
            meeting.join();
        }
    }

    @Test
    void aServerThatHangsCostsTheTimeout() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        besideAServerThat((in, out) -> never.await(), Duration.ofSeconds(2), ErrorKind.UNAVAILABLE, "within 2000 ms");
    }

    @Test
    void aServerThatDripsCostsTheTimeout() throws Exception {
        besideAServerThat(
                (in, out) -> {
                    while (true) {
                        out.write(' ');
                        Thread.sleep(20);
                    }
                },
                Duration.ofSeconds(2),
                ErrorKind.UNAVAILABLE,
                "within 2000 ms");
    }

    @Test
    void aServerThatNeverAcceptsCostsTheTimeout() throws Exception {
        try (ServerSocketChannel deaf = bind(1);
                ControlServer good = listen(OWN)) {
            assertThat(List.of(deaf, good)).isNotEmpty();
            Answers answers = new ControlClient(root, Duration.ofSeconds(2)).ask("name", arguments());
            assertThat(answers.answers()).hasSize(1);
            assertThat(answers.failures()).hasSize(1);
        }
    }

    @Test
    void aServerThatNeverEndsItsLineIsGivenUp() throws Exception {
        byte[] noise = "x".repeat(1 << 20).getBytes(UTF_8);
        besideAServerThat(
                (in, out) -> {
                    while (true) {
                        out.write(noise);
                    }
                },
                LONG,
                ErrorKind.UNAVAILABLE,
                "a line of more than");
    }

    @Test
    void nonsenseIsNoAnswer() throws Exception {
        for (String nonsense : List.of("", "x", "[]", "{}", "{\"result\":1} {}", "[".repeat(100_000))) {
            besideAServerThat(
                    (in, out) -> {
                        int first = in.read();
                        assertThat(first).isEqualTo('{');
                        out.write((nonsense + "\n").getBytes(UTF_8));
                    },
                    LONG,
                    ErrorKind.INVALID,
                    "process 1");
        }
        besideAServerThat((in, out) -> {}, LONG, ErrorKind.UNAVAILABLE, "process 1");
    }

    private String converse(String lines) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket(OWN)))) {
            Channels.newOutputStream(channel).write(lines.getBytes(UTF_8));
            channel.shutdownOutput();
            return new String(Channels.newInputStream(channel).readAllBytes(), UTF_8);
        }
    }

    @Test
    void oneConnectionTakesSeveralRequestsAndBadOnesDoNotEndIt() throws IOException {
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            String answers = converse("nonsense\n{\"request\":7}\n[]\n{\"request\":\"echo\",\"arguments\":[1]}\nrest");
            assertThat(answers.lines()).hasSize(4).last().isEqualTo("{\"result\":{}}");
            assertThat(answers).startsWith("{\"error\":{\"code\":\"INVALID\"");
        }
    }

    @Test
    void aRequestTooLongEndsTheConversation() throws IOException {
        try (ControlServer server = listen(OWN)) {
            assertThat(server).isNotNull();
            String tooLong = "x".repeat(ControlMessage.MAX_REQUEST_BYTES + 1);
            try {
                assertThat(converse(tooLong + "\n")).isEmpty();
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("reset"); // the server left bytes unread
            }
            assertThat(converse("{\"request\":\"echo\"}\n")).isEqualTo("{\"result\":{}}\n");
        }
    }

    @Test
    void aClientThatSaysNothingIsSentAway() throws IOException {
        Limits impatient = new Limits(2, Duration.ofMillis(300));
        try (ControlServer server = ControlServer.listen(root, OWN, HANDLERS, impatient);
                SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket(OWN)))) {
            assertThat(server).isNotNull();
            assertThat(Channels.newInputStream(channel).read()).isEqualTo(-1);
        }
    }

    @Test
    void anAnswerUnderWayIsGivenBeforeTheServerEnds() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch closing = new CountDownLatch(1);
        Map<String, Function<JsonNode, JsonNode>> slow = Map.of("slow", arguments -> {
            asked.countDown();
            while (Files.exists(socket(OWN))) {
                Thread.onSpinWait(); // until the server is being closed
            }
            closing.countDown();
            return arguments;
        });
        ControlServer server = ControlServer.listen(root, OWN, slow, Limits.USUAL);
        Thread closer = Thread.ofPlatform().start(() -> {
            try {
                asked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            server.close();
        });
        assertThat(client().ask(OWN, "slow", arguments())).isEqualTo(arguments());
        assertThat(closing.getCount()).isZero();
        closer.join();
    }

    @Test
    void aCrowdIsToldToComeBack() throws IOException {
        Limits narrow = new Limits(1, LONG);
        try (ControlServer server = ControlServer.listen(root, OWN, HANDLERS, narrow)) {
            assertThat(server).isNotNull();
            try (SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(socket(OWN)))) {
                Channels.newOutputStream(first).write("{\"request\":\"echo\"}\n".getBytes(UTF_8));
                assertThat(Channels.newInputStream(first).read()).isEqualTo('{');
                fails(() -> client().ask(OWN, "name", arguments()), ErrorKind.RATE_LIMITED, "try again");
            }
        }
    }

    private static void fails(ThrowingCallable call, ErrorKind kind, String words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(words);
    }
}
