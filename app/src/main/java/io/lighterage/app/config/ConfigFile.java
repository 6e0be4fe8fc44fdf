package io.lighterage.app.config;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// The file that the configuration is in.
public final class ConfigFile {
    /// Read where no other is named, and there is one.
    public static final Path USUAL = Path.of("/etc/lighter/config.toml");

    /// A thousand registries take a tenth of it; whoever names the wrong file learns so before it fills the memory.
    public static final int MAX_BYTES = 1 << 20;

    private ConfigFile() {}

    /// The file named, else the usual one, else nothing.
    ///
    /// @throws ImageException INVALID for what may not stand in it, NOT_FOUND, or PRECONDITION where it is
    ///     not readable
    public static SettingValues read(Optional<Path> named) {
        if (named.isEmpty() && !Files.exists(USUAL)) {
            return SettingValues.none();
        }
        Path file = named.orElse(USUAL);
        return ConfigParser.parse(file.toString(), bytes(file));
    }

    private static byte[] bytes(Path file) {
        if (Files.isDirectory(file)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot read the configuration: " + file + " is a directory; expected a TOML file");
        }
        byte[] read;
        try (InputStream in = Files.newInputStream(file)) {
            read = in.readNBytes(MAX_BYTES + 1);
        } catch (NoSuchFileException e) {
            throw new ImageException(
                    ErrorKind.NOT_FOUND, "cannot read the configuration: " + file + " does not exist", e);
        } catch (AccessDeniedException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot read the configuration: this user may not read " + file + "; check its owner and mode",
                    e);
        } catch (IOException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION, "cannot read the configuration " + file + ": " + e.getMessage(), e);
        }
        if (read.length > MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the configuration " + file + " is larger than " + MAX_BYTES
                            + " bytes; is it the right file? Expected TOML as docs/config.md describes it");
        }
        return read;
    }
}
