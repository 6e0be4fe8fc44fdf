package io.lighterage.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.proxyplugin.Programs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SetupVerbTest {
    private static final String DEBIAN = """
            version = 2

            [plugins]
              [plugins."io.containerd.grpc.v1.cri"]
                [plugins."io.containerd.grpc.v1.cri".cni]
                  bin_dir = "/usr/lib/cni"
              [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                runtime_type = "io.containerd.runc.v2"
            """;

    @TempDir
    Path folder;

    private record Ran(int code, String out, String err) {}

    private static Ran lighter(List<String> arguments) {
        return lighter("/usr/bin", arguments);
    }

    private static Ran lighter(String path, List<String> arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = Main.run(
                arguments,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("PATH", path));
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private Path config() {
        return folder.resolve("config.toml");
    }

    private Ran setup(String target, String... more) {
        List<String> arguments = new ArrayList<>(List.of("setup", target, "--containerd-config", config().toString()));
        arguments.addAll(List.of("--root", "/var/lib/lighterage"));
        arguments.addAll(List.of(more));
        return lighter(arguments);
    }

    /// A folder with a containerd that says that it is of this version.
    private Path saying(String version) throws IOException {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        Path program = bin.resolve("containerd");
        Files.writeString(program, "#!/bin/sh\necho containerd github.com/containerd/containerd " + version + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return bin;
    }

    private String dump() throws Exception {
        Programs.require("containerd");
        return Programs.run(folder, Map.of(), "containerd", "--config", config().toString(), "config", "dump");
    }

    @Test
    void containerdUsesWhatIsAddedToDebiansConfiguration() throws Exception {
        Files.writeString(config(), DEBIAN);
        Files.setPosixFilePermissions(config(), PosixFilePermissions.fromString("rw-r-----"));
        Ran ran = setup("containerd");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(config()).content().startsWith(DEBIAN);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(config())))
                .isEqualTo("rw-r-----");
        assertThat(dump())
                .contains("[proxy_plugins.lighter]")
                .contains("address = \"/run/lighterage/snapshotter.sock\"")
                .contains("snapshotter = \"lighter\"")
                .contains("disable_snapshot_annotations = false")
                .contains("bin_dir = \"/usr/lib/cni\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "3"})
    void aSecondRunChangesNothingAndSaysSo(String version) throws Exception {
        assertThat(setup("containerd", "--config-version", version).code()).isZero();
        String first = Files.readString(config());
        assertThat(first)
                .startsWith("version = " + version + "\n")
                .contains("enable_remote_snapshot_annotations = \"true\"");
        Ran second = setup("containerd", "--config-version", version);
        assertThat(second.code()).as(second.err()).isZero();
        assertThat(second.err()).contains("nothing to do");
        assertThat(config()).content().isEqualTo(first).doesNotContain("rebase");
    }

    @Test
    void versionThreeNamesTheTablesOfContainerdTwo() {
        Ran ran = setup("containerd", "--config-version", "3", "--dry-run");
        assertThat(ran.out())
                .contains("[plugins.\"io.containerd.cri.v1.images\"]")
                .contains("[[plugins.\"io.containerd.transfer.v1.local\".unpack_config]]")
                .contains("snapshotter = \"overlayfs\"")
                .doesNotContain("grpc.v1.cri");
        assertThat(config()).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.7.24~ds1 ", "2.1.9+unknown ", "v2.0.0 1a2b"})
    void aFileOfVersionTwoGetsTheTablesThatTheInstalledContainerdReads(String version) throws IOException {
        Files.writeString(config(), DEBIAN);
        List<String> arguments = List.of("setup", "containerd", "--containerd-config", config().toString());
        Path path = saying(version);
        assertThat(lighter(path.toString(), arguments).code()).isZero();
        String written = Files.readString(config());
        assertThat(written).contains("[plugins.\"io.containerd.grpc.v1.cri\".containerd]");
        for (String table : List.of("io.containerd.cri.v1.images", "io.containerd.transfer.v1.local")) {
            assertThat(written.contains(table)).as(written).isEqualTo(!version.startsWith("1"));
        }
        assertThat(lighter(path.toString(), arguments).err()).contains("nothing to do");
        assertThat(config()).content().isEqualTo(written);
    }

    @Test
    void aFileOfVersionFourKeepsItAndGetsTheTablesOfVersionThree() throws IOException {
        String text = "version = 4\n\n[plugins.\"io.containerd.server.v1.grpc\"]\n  address = \"/a\"\n";
        Files.writeString(config(), text);
        assertThat(setup("containerd").code()).isZero();
        String written = Files.readString(config());
        Files.delete(config());
        String tables =
                setup("containerd", "--dry-run", "--config-version", "3").out().replaceFirst("version = 3\n", "");
        assertThat(written).isEqualTo(text + tables);
    }

    @Test
    void aRunningContainerdListsThePlugin() throws Exception {
        Programs.require("containerd", "ctr");
        assertThat(setup("containerd", "--no-cri", "--config-version", "2").code())
                .isZero();
        String written = Files.readString(config());
        Files.writeString(config(), """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri"]
                [grpc]
                  address = "%1$s/c.sock"
                """.formatted(folder) + written.substring(written.indexOf('\n') + 1));
        Process containerd = new ProcessBuilder("containerd", "--config", config().toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        try {
            List<String> list = List.of("ctr", "-a", folder.resolve("c.sock").toString(), "plugins", "ls");
            Programs.Result listed = Programs.attempt(folder, Map.of(), list);
            for (int i = 0; i < 200 && listed.code() != 0; i++) {
                TimeUnit.MILLISECONDS.sleep(100);
                listed = Programs.attempt(folder, Map.of(), list);
            }
            assertThat(listed.output()).containsPattern("io.containerd.snapshotter.v1\\s+lighter\\s+\\S+\\s+ok");
        } finally {
            containerd.destroy();
            assertThat(containerd.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void whatSaysOtherwiseIsLeftAndTheMessageShowsWhatToAdd() throws Exception {
        String text = DEBIAN + "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  snapshotter = \"native\"\n";
        Files.writeString(config(), text);
        Ran ran = setup("containerd");
        assertThat(ran.code()).isEqualTo(ExitCode.OTHER);
        assertThat(ran.err())
                .contains("snapshotter = \"native\"")
                .contains("[proxy_plugins.lighter]")
                .contains("disable_snapshot_annotations = false");
        assertThat(config()).content().isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "version = 5\n",
                "version = 1\n",
                "version = \"2\"\n",
                "[grpc]\n  address = \"/a\"\n",
                "version = 2\n[grpc\n",
                "version = 2\nversion = 2\n",
                "version = 2\nproxy_plugins = 1\n",
                "version = 2\nplugins = {}\n"
            })
    void whatCannotBeAddedToIsLeftAsItIs(String text) throws IOException {
        Files.writeString(config(), text);
        Ran ran = setup("containerd");
        assertThat(ran.code()).as(ran.err()).isIn(ExitCode.OTHER, ExitCode.UNSUPPORTED);
        assertThat(ran.err()).contains(config().toString()).doesNotContain("defect");
        assertThat(config()).content().isEqualTo(text);
    }

    @Test
    void aFileThatIsNoneAndAFolderThatIsNoneAreNamed() throws IOException {
        Files.createDirectory(config());
        assertThat(setup("containerd").err()).contains("it is a directory");
        Path file = Files.writeString(folder.resolve("file"), "");
        Ran ran = lighter(List.of("setup", "containerd", "--containerd-config", file + "/config.toml"));
        assertThat(ran.code()).as(ran.err()).isEqualTo(ExitCode.OTHER);
        assertThat(ran.err()).contains("cannot").contains(file.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b", "", "a\"b", "-a"})
    void aNameThatIsNoKeyIsRefused(String name) {
        assertThat(setup("containerd", "--dry-run", "--name=" + name).err()).contains("cannot name a snapshotter");
    }

    @Test
    void nerdctlGetsANameThatItSendsLabelsTo() {
        Ran ran = setup("nerdctl");
        assertThat(ran.out()).isEqualTo("snapshotter = \"lighter-stargz\"\n");
        assertThat(ran.err()).contains("setup containerd --name lighter-stargz --no-cri");
    }

    @Test
    void k3sGetsAFileForItsDirectoryOrATemplateThatExtendsItsOwn() {
        assertThat(setup("k3s").out()).startsWith("version = 3\n").contains("io.containerd.cri.v1.images");
        assertThat(setup("k3s", "--config-version", "2").out())
                .startsWith("{{ template \"base\" . }}\n")
                .contains("[proxy_plugins.lighter]")
                .doesNotContain("[plugins.");
    }

    @Test
    void theManifestHasWhatTheSnapshotterNeeds() throws Exception {
        Path python = Path.of("/usr/bin/python3");
        assumeTrue(Files.isExecutable(python), "needs python3; ./verify installs it");
        assumeTrue(
                Programs.attempt(folder, Map.of(), List.of(python.toString(), "-c", "import yaml"))
                                .code()
                        == 0,
                "needs python3-yaml");
        Files.writeString(
                folder.resolve("m.yaml"),
                setup("kubernetes", "--image", "r.example/lighter:1").out());
        String checked = Programs.run(folder, Map.of(), python.toString(), "-c", """
                import yaml
                m = yaml.safe_load(open("m.yaml"))
                assert (m["apiVersion"], m["kind"]) == ("apps/v1", "DaemonSet")
                labels = m["spec"]["selector"]["matchLabels"]
                assert m["spec"]["template"]["metadata"]["labels"] == labels
                pod = m["spec"]["template"]["spec"]
                assert "hostPID" not in pod
                box = pod["containers"][0]
                assert box["image"] == "r.example/lighter:1" and box["securityContext"]["privileged"] is True
                mounts = {v["name"]: v for v in box["volumeMounts"]}
                assert set(mounts) == {v["name"] for v in pod["volumes"]}
                assert mounts["root"]["mountPropagation"] == "Bidirectional"
                assert mounts["root"]["mountPath"] == "/var/lib/lighterage"
                assert mounts["fuse"]["mountPath"] == "/dev/fuse"
                print("fine")
                """);
        assertThat(checked).contains("fine");
    }

    /// Read with Kubernetes' own model classes and written again: what they do not know, or know otherwise, is
    /// different
    /// then.
    @Test
    void theManifestFitsTheSchemaOfKubernetes() throws Exception {
        Path python = Path.of("/usr/bin/python3");
        assumeTrue(Files.isExecutable(python), "needs python3; ./verify installs it");
        assumeTrue(
                Programs.attempt(folder, Map.of(), List.of(python.toString(), "-c", "import yaml, kubernetes"))
                                .code()
                        == 0,
                "needs python3-yaml and python3-kubernetes");
        String manifest = setup("kubernetes").out();
        assertThat(differences(python, manifest)).isEqualTo("[]\n");
        assertThat(differences(python, manifest.replace("hostPath:", "hostpath:")))
                .contains("volumes[0].hostpath is unknown");
    }

    private String differences(Path python, String manifest) throws Exception {
        Files.writeString(folder.resolve("m.yaml"), manifest);
        return Programs.run(folder, Map.of(), python.toString(), "-c", """
                import json, yaml
                from kubernetes.client import ApiClient
                class Response: pass
                def differences(a, b, at):
                    if isinstance(a, dict) and isinstance(b, dict):
                        return [d for k in a for d in (differences(a[k], b[k], at + "." + k) if k in b
                                                       else [at + "." + k + " is unknown"])]
                    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
                        return [d for n in range(len(a)) for d in differences(a[n], b[n], f"{at}[{n}]")]
                    return [] if a == b else [f"{at}: {a!r} became {b!r}"]
                m, response = yaml.safe_load(open("m.yaml")), Response()
                response.data = json.dumps(m)
                client = ApiClient()
                again = client.sanitize_for_serialization(client.deserialize(response, "V1DaemonSet"))
                print(differences(m, again, ""))
                """);
    }

    @Test
    void systemdTakesTheUnit() throws Exception {
        Path launcher = Files.writeString(folder.resolve("lighter at 50%"), "#!/bin/sh\n");
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path unit = folder.resolve("lighter-snapshotter.service");
        String before = System.getProperty("lighter.command");
        System.setProperty("lighter.command", launcher.toString());
        try {
            Ran ran = setup("systemd", "--unit", unit.toString());
            assertThat(ran.code()).as(ran.err()).isZero();
            assertThat(setup("systemd", "--unit", unit.toString()).err()).contains("nothing to do");
        } finally {
            if (before == null) {
                System.clearProperty("lighter.command");
            } else {
                System.setProperty("lighter.command", before);
            }
        }
        assertThat(unit)
                .content()
                .contains("Type=notify")
                .contains("KillMode=process")
                .contains("at 50%%\" snapshotter");
        assumeTrue(Programs.find("systemd-analyze") != null, "needs systemd-analyze");
        Programs.Result verified =
                Programs.attempt(folder, Map.of(), List.of("systemd-analyze", "verify", unit.toString()));
        assertThat(verified.output()).doesNotContain("lighter-snapshotter.service:");
        assertThat(verified.code()).as(verified.output()).isZero();
    }

    @Test
    void aUnitForNoLauncherIsRefused() {
        assertThat(setup("systemd", "--dry-run").err()).contains("was not started by its launcher");
    }
}
