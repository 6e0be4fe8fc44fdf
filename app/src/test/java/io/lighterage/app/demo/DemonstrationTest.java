package io.lighterage.app.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.lighterage.app.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

@Timeout(120)
class DemonstrationTest {
    private record Ran(int code, String out, String err) {}

    @Test
    void jsonHoldsBothStarts() {
        Ran ran = lighter("demo", "--mbit=0", "--format=json", "--progress=json");
        assertThat(ran.code()).as(ran.err()).isZero();
        JsonNode start = new ObjectMapper().readTree(ran.out()).path("start");
        assertThat(start.path("lazyReceivedBytes").asLong()).as(ran.out()).isPositive();
        assertThat(start.path("eagerReceivedBytes").asLong()).as(ran.out()).isPositive();
        assertThat(ran.err().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
    }

    @Test
    void bothStartsStandSideBySide() {
        Ran ran = lighter("demo", "--mbit=0", "--progress=none");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out().lines())
                .anyMatch(line -> line.matches(" *pulled and unpacked first +[0-9.]+ s +[0-9.]+ MB"))
                .anyMatch(line -> line.matches(" *mounted lazily +[0-9.]+ s +[0-9.]+ [kM]B"));
    }

    private static Ran lighter(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                List.of(args),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", "/nonexistent"));
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }
}
