package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.manifest.ImageConfig;
import java.nio.file.Path;
import java.util.List;

/// What a container is to be.
///
/// @param root the root directory, mounted and, unless the image brings `/etc/hosts` and the like, writable
/// @param config the image's configuration
/// @param command replaces the image's entrypoint and command; empty keeps them
/// @param network which network it sees
/// @param hostname its name, also known to its `/etc/hosts`
/// @param cgroupsPath its cgroup below the root of every hierarchy, absolute; only its last part is removed again
public record BundleSpec(
        Path root, ImageConfig config, List<String> command, Network network, String hostname, String cgroupsPath) {
    /// Which network a container sees.
    public enum Network {
        /// Its own, with nothing but a loopback interface.
        LOOPBACK,
        /// The machine's.
        HOST
    }

    public BundleSpec {
        root = root.toAbsolutePath().normalize();
        command = List.copyOf(command);
        if (!hostname.matches("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "'" + hostname.replaceAll("\\p{Cntrl}", "?") + "' is no host name; expected up to 63 letters,"
                            + " digits and '-'");
        }
        if (!cgroupsPath.matches("(?:/[A-Za-z0-9_.-]*[A-Za-z0-9_-])+")) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "'" + cgroupsPath + "' is no place for a cgroup; expected an absolute path without dots");
        }
    }

    /// The image's own command with a network of its own.
    ///
    /// @param id what the container is called, see [ContainerRun]
    public static BundleSpec of(Path root, ImageConfig config, String id) {
        return new BundleSpec(root, config, List.of(), Network.LOOPBACK, "lighter", "/" + id);
    }

    /// The same with another command; empty for the image's own.
    public BundleSpec withCommand(List<String> replaced) {
        return new BundleSpec(root, config, replaced, network, hostname, cgroupsPath);
    }

    /// The same with another network.
    public BundleSpec withNetwork(Network replaced) {
        return new BundleSpec(root, config, command, replaced, hostname, cgroupsPath);
    }
}
