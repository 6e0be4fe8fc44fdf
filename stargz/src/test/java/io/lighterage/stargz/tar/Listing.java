package io.lighterage.stargz.tar;

import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// An archive as lines of text, one an entry with the hash of its content: ours, and Python's.
public final class Listing {
    private Listing() {}

    public static List<String> ours(ByteSource source) {
        TarReader reader = new TarReader(source);
        List<String> lines = new ArrayList<>();
        for (TarEntry entry = reader.next(); entry != null; entry = reader.next()) {
            lines.add(line(entry, entry.type() == TarEntry.Type.REGULAR ? contentHash(entry, reader) : ""));
        }
        reader.drain();
        return lines;
    }

    private static String line(TarEntry e, String content) {
        String xattrs = e.xattrs().entrySet().stream()
                .map(x -> hex(x.getKey()) + "=" + hex(x.getValue()))
                .sorted()
                .collect(Collectors.joining(","));
        String name = hex(e.name()).replaceFirst("(2f)+$", "");
        String time = String.format("%d.%09d", e.modifySeconds(), e.modifyNanos());
        return String.join(
                "|",
                name,
                e.type().name(),
                hex(e.linkName()),
                Integer.toOctalString(e.mode()),
                "" + e.uid(),
                "" + e.gid(),
                "" + e.size(),
                time,
                "" + e.deviceMajor(),
                "" + e.deviceMinor(),
                xattrs,
                content);
    }

    /// The hash of the whole file, holes filled with zeros.
    private static String contentHash(TarEntry entry, TarReader reader) {
        MessageDigest digest = sha256();
        long at = 0;
        for (ByteBuffer piece = reader.payload(); piece != null; piece = reader.payload()) {
            at += zeros(digest, reader.payloadOffset() - at);
            at += piece.remaining();
            digest.update(piece);
        }
        zeros(digest, entry.size() - at);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static long zeros(MessageDigest digest, long count) {
        byte[] block = new byte[1 << 16];
        for (long left = count; left > 0; left -= Math.min(left, block.length)) {
            digest.update(block, 0, (int) Math.min(left, block.length));
        }
        return count;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String hex(RawName name) {
        return HexFormat.of().formatHex(name.toBytes());
    }

    static List<String> pythons(Path archive, Path scratch) throws IOException, InterruptedException {
        Path script = scratch.resolve("tarlist.py");
        try (var in = Listing.class.getResourceAsStream("/tarlist.py")) {
            Files.write(script, java.util.Objects.requireNonNull(in).readAllBytes());
        }
        return run(scratch, Map.of(), "python3", script.toString(), archive.toString());
    }

    /// Runs a program, which must end with 0 (or, for tar, may have left out what the format cannot hold).
    ///
    /// @return the lines of its standard output
    public static List<String> run(Path directory, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Path errors = Files.createTempFile(directory, "err", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(List.of(command) + " did not end within 120 s");
        }
        boolean tolerable = command[0].equals("tar") && process.exitValue() == 2;
        if (process.exitValue() != 0 && !tolerable) {
            throw new AssertionError(
                    List.of(command) + " ended with " + process.exitValue() + ": " + Files.readString(errors));
        }
        return Files.readAllLines(out);
    }
}
