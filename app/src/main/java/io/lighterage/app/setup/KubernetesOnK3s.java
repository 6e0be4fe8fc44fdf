package io.lighterage.app.setup;

import java.nio.file.Path;
import java.util.List;

/// What the containerd inside k3s (or RKE2) needs. k3s writes that containerd's configuration at each
/// start, from a template and, for version 3, with a directory of files that are merged into it.
public final class KubernetesOnK3s {
    private static final Path DIRECTORY = Path.of("/var/lib/rancher/k3s/agent/etc/containerd");

    private KubernetesOnK3s() {}

    /// The file for k3s with a containerd that takes configurations of this version.
    public static Path file(int version) {
        return DIRECTORY.resolve(
                version >= ContainerdStanza.OF_CONTAINERD_2 ? "config-v3.toml.d/50-lighter.toml" : "config.toml.tmpl");
    }

    /// What belongs in that file.
    public static String text(SnapshotterPlace place, int version) {
        if (version >= ContainerdStanza.OF_CONTAINERD_2) {
            ContainerdStanza stanza = ContainerdStanza.of(place, version, true);
            String overlay = ContainerdStanza.unpacking("overlayfs").text();
            return "version = " + version + "\n\n" + stanza.text() + "\n" + overlay;
        }
        // The table that selects a snapshotter is in the base already, and TOML has no table twice.
        return "{{ template \"base\" . }}\n\n" + new ContainerdStanza(ContainerdStanza.proxy(place)).text();
    }

    /// What has to be done besides.
    public static List<String> remarks(SnapshotterPlace place, int version) {
        String where = "put this into " + file(version) + " and start k3s again (RKE2: the same below"
                + " /var/lib/rancher/rke2)";
        if (version >= ContainerdStanza.OF_CONTAINERD_2) {
            return List.of(
                    where,
                    "this is for a k3s with containerd 2.x that reads config-v3.toml.d; for older ones give"
                            + " --config-version 2");
        }
        return List.of(
                where,
                "select it by 'k3s server --snapshotter " + place.name() + "'",
                "a k3s with containerd 1.x switches the annotations off for every snapshotter but its own 'stargz', so"
                        + " images are kept by lighter and not read lazily; a k3s with containerd 2.x has them on");
    }
}
