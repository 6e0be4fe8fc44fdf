package io.lighterage.proxyplugin;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/// The file of a listening socket. A server binds to it in a directory that nobody else can enter, and only then it
/// is moved to where clients look: it never is there with wider permissions, and takes the place of a dead server's in
/// one step.
final class SocketFile implements AutoCloseable {
    /// `sun_path` has 108 bytes with its NUL, and the JDK wants one for itself.
    private static final int LONGEST = 106;

    private static final int TYPE_BITS = 0170000;
    private static final int SOCKET_TYPE = 0140000;

    private final Path address;
    private final Path folder;
    private Object identity = "";

    private SocketFile(Path address, Path folder) {
        this.address = address;
        this.folder = folder;
    }

    /// @throws ImageException ALREADY_EXISTS when a server listens there, or another file is there; INVALID when the
    ///     path is too long
    static SocketFile at(Path path) {
        Path address = path.toAbsolutePath().normalize();
        try {
            Path parent = address.getParent();
            if (parent == null) {
                throw new ImageException(ErrorKind.INVALID, "'" + path + "' is no path for a socket; name a file");
            }
            Files.createDirectories(parent);
            refuseOthers(address);
            SocketFile file = new SocketFile(address, Files.createTempDirectory(parent, ".l"));
            checkLength(file.bindAddress());
            return file;
        } catch (IOException e) {
            throw failure(address, e);
        }
    }

    private static void checkLength(Path path) throws IOException {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST) {
            Files.deleteIfExists(path.getParent());
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the path of the socket is " + (bytes - LONGEST) + " bytes too long for Linux; name a shorter one");
        }
    }

    private static void refuseOthers(Path address) throws IOException {
        if (!Files.exists(address, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Map<String, Object> found = Files.readAttributes(address, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if (!(found.get("mode") instanceof Integer mode) || (mode & TYPE_BITS) != SOCKET_TYPE) {
            throw new ImageException(
                    ErrorKind.ALREADY_EXISTS,
                    "cannot listen on " + address + ": it is there and no socket; remove it, or choose another"
                            + " --address");
        }
        if (isAnswered(address)) {
            throw new ImageException(
                    ErrorKind.ALREADY_EXISTS,
                    "cannot listen on " + address + ": a living server does; stop it, or choose another --address");
        }
    }

    private static boolean isAnswered(Path address) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.configureBlocking(false);
            boolean connected = channel.connect(UnixDomainSocketAddress.of(address));
            return connected || channel.isConnectionPending();
        } catch (IOException e) {
            return false;
        }
    }

    /// Where the server has to bind.
    Path bindAddress() {
        return folder.resolve("s");
    }

    /// Lets clients in, once the server is bound.
    void publish() {
        try {
            Files.setPosixFilePermissions(bindAddress(), PosixFilePermissions.fromString("rw-------"));
            identity = identity(bindAddress());
            Files.move(bindAddress(), address, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Files.delete(folder);
        } catch (IOException e) {
            throw failure(address, e);
        }
    }

    private static Object identity(Path path) throws IOException {
        return Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
    }

    /// Removes the file, unless another server's is there.
    @Override
    public void close() {
        try {
            Files.deleteIfExists(bindAddress());
            Files.deleteIfExists(folder);
            if (Files.exists(address, LinkOption.NOFOLLOW_LINKS)
                    && identity(address).equals(identity)) {
                Files.delete(address);
            }
        } catch (IOException e) {
            throw failure(address, e);
        }
    }

    private static ImageException failure(Path address, IOException cause) {
        return new ImageException(
                ErrorKind.DENIED,
                "cannot listen on " + address + ": " + cause + "; choose an --address in a directory this user may"
                        + " write to",
                cause);
    }
}
