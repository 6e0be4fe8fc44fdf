package io.lighterage.app.setup;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The unit by which systemd runs the snapshotter.
public final class SystemdUnit {
    /// Where an administrator's units are.
    public static final Path PLACE = Path.of("/etc/systemd/system/lighter-snapshotter.service");

    private SystemdUnit() {}

    /// @param launcher the command `lighter`
    /// @param java the home of the Java that it shall run on, which a service has no environment to find by
    public static String text(SnapshotterPlace place, Path launcher, Path java) {
        String start = Stream.of(
                        launcher.toAbsolutePath().normalize(),
                        "snapshotter",
                        "--address",
                        place.address(),
                        "--root",
                        place.root())
                .map(SystemdUnit::word)
                .collect(Collectors.joining(" "));
        return UNIT.replace("@directory\n", runtimeDirectory(place))
                .replace("@environment", word("JAVA_HOME=" + java))
                .replace("@start", start);
    }

    // The numbers: the store holds a descriptor of /dev/fuse for each mounted layer, of which a busy node has a few
    // hundred; a first start from the sources builds them, which takes minutes.
    private static final String UNIT = """
            # Written by 'lighter setup systemd'.
            [Unit]
            Description=Lighterage snapshotter for containerd
            After=local-fs.target network.target
            Before=containerd.service

            [Service]
            Type=notify
            NotifyAccess=main
            Environment=@environment
            ExecStart=@start
            Restart=always
            RestartSec=1
            # Containers go on while the snapshotter is replaced: nothing else of its control group is ended.
            KillMode=process
            FileDescriptorStoreMax=4096
            # Its mounts have to be seen by containerd, so it gets no mount namespace of its own.
            PrivateMounts=no
            @directory
            LimitNOFILE=1048576
            TasksMax=infinity
            OOMScoreAdjust=-999
            TimeoutStartSec=600

            [Install]
            WantedBy=multi-user.target
            """;

    /// Directories below /run are gone after a boot.
    private static String runtimeDirectory(SnapshotterPlace place) {
        Path directory = place.socketDirectory();
        boolean ours = directory.startsWith("/run/")
                && directory.toString().substring("/run/".length()).matches("[A-Za-z0-9_./-]+");
        return ours
                ? "RuntimeDirectory=" + directory.toString().substring("/run/".length())
                        + "\nRuntimeDirectoryMode=0711\nRuntimeDirectoryPreserve=yes\n"
                : "";
    }

    /// One word as systemd.syntax(7) and systemd.service(5) read it: quoted where needed, '%' and '$'
    /// doubled.
    private static String word(Object part) {
        String text = part.toString();
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw new ImageException(
                    ErrorKind.INVALID, "a path for the unit holds a control character, which systemd cannot run");
        }
        String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replace("%", "%%");
        if (!text.startsWith("JAVA_HOME=")) {
            escaped = escaped.replace("$", "$$"); // Environment= does not expand variables
        }
        return escaped.matches("[A-Za-z0-9_@%+=:,./$-]+") ? escaped : "\"" + escaped + "\"";
    }
}
