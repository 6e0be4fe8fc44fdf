package io.lighterage.runtime.bundle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStartTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private Path root;

    @BeforeEach
    void makeTheRoot() throws IOException {
        BusyboxRoot.requireContainers();
        root = BusyboxRoot.make(folder.resolve("root"));
        Files.createDirectory(folder.resolve("scratch"));
    }

    private RunResult start(List<Path> lowers, String user, String... command) {
        StartRequest request = new StartRequest(
                lowers,
                BusyboxRoot.config(user, List.of("true")),
                List.of(command),
                BundleSpec.Network.LOOPBACK,
                Optional.of(ReadyLine.startingWith("READY")),
                Duration.ofMinutes(2),
                out,
                out);
        return ImageStart.run(request, folder.resolve("scratch"));
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
        assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(folder.toString());
    }

    @Test
    void anImageStartsOnAnOverlayAndNothingIsLeft() throws IOException {
        RunResult result = start(List.of(root), "", "/bin/sh", "-c", "echo written > /new; cat /new; echo READY");
        assertThat(result.ending()).isEqualTo(Ending.LINE);
        assertThat(out.toString(UTF_8)).startsWith("written\n");
        assertThat(root.resolve("new")).doesNotExist();
        assertThat(root.resolve("etc/hosts")).doesNotExist();
        assertNothingIsLeft();
    }

    @Test
    void aFailedStartLeavesNothing() throws IOException {
        assertThatThrownBy(() -> start(List.of(root), "", "nosuch")).isInstanceOf(RunFailure.class);
        assertNothingIsLeft();
        assertThatThrownBy(() -> start(List.of(root), "stranger", "id")).hasMessageContaining("stranger");
        assertNothingIsLeft();
        assertThatThrownBy(() -> start(List.of(folder.resolve("missing")), "", "id"))
                .hasMessageContaining("cannot mount");
        assertNothingIsLeft();
    }

    @Test
    void pathsThatMountOptionsCannotHoldAreNoHindrance() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("a,b:c\\d e"));
        Files.writeString(odd.resolve("file"), "from the odd one\n");
        RunResult result = start(List.of(odd, root), "", "cat", "/file");
        assertThat(result.exitCode()).isEqualTo(OptionalInt.of(0));
        assertThat(out.toString(UTF_8)).isEqualTo("from the odd one\n");
        assertNothingIsLeft();
    }

    @Test
    void manyLayersFit() throws IOException {
        List<Path> lowers = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            Path layer = Files.createDirectory(folder.resolve("layer-with-a-rather-long-name-" + i));
            Files.writeString(layer.resolve("n"), i + "\n");
            lowers.add(layer);
        }
        lowers.add(root);
        assertThat(start(lowers, "", "cat", "/n").exitCode()).isEqualTo(OptionalInt.of(0));
        assertThat(out.toString(UTF_8)).isEqualTo("0\n");
        assertNothingIsLeft();
    }
}
