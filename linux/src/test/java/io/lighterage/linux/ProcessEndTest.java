package io.lighterage.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessEndTest {
    /// Ends itself in the way its arguments say.
    public static final class Child {
        private Child() {}

        public static void main(String[] args) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> say("of the JVM")));
            Thread hook = new Thread(() -> say("of ours"));
            switch (args[0]) {
                case "registered" -> ProcessEnd.before(hook);
                case "forgotten" -> {
                    ProcessEnd.before(hook);
                    ProcessEnd.forget(hook);
                }
                default -> {}
            }
            ProcessEnd.exit(7);
        }

        private static void say(String what) {
            System.out.println(what);
            System.out.flush();
        }
    }

    @Test
    void endsAtOnceWhereNobodyHasAnythingToDo() throws Exception {
        assertThat(run("none", "now")).isEmpty();
        assertThat(run("forgotten", "now")).isEmpty();
    }

    @Test
    void letsTheJvmEndWhereSomebodyHasOrNobodyPermittedIt() throws Exception {
        assertThat(run("registered", "now")).containsExactlyInAnyOrder("of the JVM", "of ours");
        assertThat(run("none", "")).containsExactly("of the JVM");
    }

    private static List<String> run(String hook, String permission) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dlighterage.end=" + permission,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        hook)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> lines = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(child.waitFor()).isEqualTo(7);
        return lines;
    }
}
