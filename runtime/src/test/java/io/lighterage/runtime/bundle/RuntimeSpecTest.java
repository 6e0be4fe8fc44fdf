package io.lighterage.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Platform;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.runtime.bundle.BundleSpec.Network;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class RuntimeSpecTest {
    private static final ContainerUser ROOT = new ContainerUser(0, 0, List.of(), "/root");

    private static BundleSpec spec(List<String> env, List<String> entrypoint, List<String> cmd, String directory) {
        ImageConfig.Execution execution = new ImageConfig.Execution(
                "", env, entrypoint, cmd, directory, Optional.empty(), Map.of("org.opencontainers.x", "label-text"));
        ImageConfig config = new ImageConfig(new Platform("linux", "amd64", ""), "", List.of(), execution);
        return BundleSpec.of(Path.of("/root-of-it"), config, "test");
    }

    private static JsonNode document(BundleSpec spec, ContainerUser user) {
        return RuntimeSpec.document(spec, user, Map.of());
    }

    private static List<String> texts(JsonNode array) {
        return array.valueStream().map(JsonNode::stringValue).toList();
    }

    @Test
    void theCommandIsEntrypointAndCommandUnlessReplaced() {
        BundleSpec spec = spec(List.of(), List.of("/entry"), List.of("a", "b"), "");
        assertThat(texts(document(spec, ROOT).at("/process/args"))).containsExactly("/entry", "a", "b");
        assertThat(texts(document(spec.withCommand(List.of("other")), ROOT).at("/process/args")))
                .containsExactly("other");
    }

    @Test
    void anImageWithoutACommandIsRefused() {
        refused(spec(List.of(), List.of(), List.of(), ""), "give one after '--'");
        refused(spec(List.of(), List.of(), List.of(""), ""), "give one after '--'");
    }

    @Test
    void theEnvironmentHasWhatEveryProgramExpects() {
        BundleSpec spec = spec(List.of("A=1", "A=2", "B=x=y", "EMPTY="), List.of("x"), List.of(), "");
        assertThat(texts(document(spec, ROOT).at("/process/env")))
                .containsExactlyInAnyOrder(
                        "PATH=" + RuntimeDefaults.PATH, "HOSTNAME=lighter", "HOME=/root", "A=2", "B=x=y", "EMPTY=");
        BundleSpec own = spec(List.of("PATH=/p", "HOME=/h"), List.of("x"), List.of(), "");
        assertThat(texts(document(own, ROOT).at("/process/env"))).contains("PATH=/p", "HOME=/h");
    }

    @Test
    void whatCannotBeAnEnvironmentOrArgumentIsRefused() {
        refused(spec(List.of("NOVALUE"), List.of("x"), List.of(), ""), "NAME=VALUE");
        refused(spec(List.of("=x"), List.of("x"), List.of(), ""), "NAME=VALUE");
        refused(spec(List.of("A=\0"), List.of("x"), List.of(), ""), "NUL");
        refused(spec(List.of(), List.of("x\0y"), List.of(), ""), "NUL");
        refused(spec(List.of("A=" + "x".repeat(1 << 20)), List.of("x"), List.of(), ""), "at most");
    }

    @Test
    void theWorkingDirectoryIsAlwaysAbsolute() {
        assertThat(document(spec(List.of(), List.of("x"), List.of(), ""), ROOT).at("/process/cwd"))
                .hasToString("\"/\"");
        assertThat(document(spec(List.of(), List.of("x"), List.of(), "srv/app"), ROOT)
                        .at("/process/cwd"))
                .hasToString("\"/srv/app\"");
    }

    @Test
    void onlyRootBeginsWithCapabilities() {
        BundleSpec spec = spec(List.of(), List.of("x"), List.of(), "");
        JsonNode root = document(spec, ROOT).at("/process/capabilities");
        assertThat(texts(root.get("effective"))).isEqualTo(RuntimeDefaults.CAPABILITIES);
        assertThat(root.has("inheritable") || root.has("ambient")).isFalse();
        JsonNode process =
                document(spec, new ContainerUser(33, 34, List.of(4), "/")).get("process");
        assertThat(texts(process.at("/capabilities/effective"))).isEmpty();
        assertThat(texts(process.at("/capabilities/permitted"))).isEmpty();
        assertThat(process.get("user")).hasToString("{\"uid\":33,\"gid\":34,\"additionalGids\":[34,4]}");
    }

    @Test
    void theNetworkIsItsOwnUnlessTheMachinesIsWanted() {
        BundleSpec spec = spec(List.of(), List.of("x"), List.of(), "");
        assertThat(document(spec, ROOT).at("/linux/namespaces").findValuesAsString("type"))
                .containsExactly("pid", "ipc", "uts", "mount", "network");
        assertThat(document(spec.withNetwork(Network.HOST), ROOT)
                        .at("/linux/namespaces")
                        .findValuesAsString("type"))
                .containsExactly("pid", "ipc", "uts", "mount");
    }

    @Test
    void theLabelsOfAnImageDoNotGetIn() {
        assertThat(document(spec(List.of(), List.of("x"), List.of(), ""), ROOT).toString())
                .doesNotContain("label-text")
                .doesNotContain("annotations");
    }

    @Test
    void aCgroupCannotBeElsewhere() {
        BundleSpec good = spec(List.of(), List.of("x"), List.of(), "");
        for (String path : List.of("", "relative", "/a/../b", "/..", "/a/.", "/a//b", "/a b", "/")) {
            assertThatThrownBy(
                            () -> new BundleSpec(good.root(), good.config(), List.of(), Network.HOST, "lighter", path))
                    .as(path)
                    .isInstanceOf(ImageException.class);
        }
    }

    private static void refused(BundleSpec spec, String words) {
        assertThatThrownBy(() -> document(spec, ROOT))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining(words);
    }
}
