package io.lighterage.app.doctor;

import io.lighterage.app.ByteCount;
import io.lighterage.linux.FileSystemFacts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Whether the root's file system has room and can hold what layers hold.
final class StorageChecks {
    /// A middling image, compressed and unpacked, with its store.
    private static final long LITTLE_SPACE = 2_000_000_000L;

    /// A middling image's files.
    private static final long FEW_INODES = 50_000;

    private StorageChecks() {}

    static List<Finding> judge(Path root) {
        Path existing = nearestExisting(root);
        if (!Files.isWritable(existing)) {
            return List.of(Finding.fail(
                    "root",
                    root + ": " + existing + " cannot be written to",
                    "choose another with --root, or run as its owner"));
        }
        List<Finding> findings = new ArrayList<>();
        findings.add(Finding.ok("root", root + (existing.equals(root) ? "" : " (will be created)")));
        findings.addAll(judge(FileSystemFacts.read(existing)));
        return findings;
    }

    static List<Finding> judge(FileSystemFacts facts) {
        List<Finding> findings = new ArrayList<>();
        String space = ByteCount.text(facts.freeBytes()) + " free of " + ByteCount.text(facts.totalBytes());
        findings.add(
                facts.freeBytes() >= LITTLE_SPACE
                        ? Finding.ok("disk space", space)
                        : Finding.warn("disk space", space, "large images will not fit; 'lighter gc' may free some"));
        String inodes =
                facts.totalInodes() == 0 ? "made as needed" : facts.freeInodes() + " free of " + facts.totalInodes();
        findings.add(
                facts.totalInodes() == 0 || facts.freeInodes() >= FEW_INODES
                        ? Finding.ok("inodes", inodes)
                        : Finding.warn(
                                "inodes",
                                inodes,
                                "images of many files will not fit; remove files or use another --root"));
        findings.add(attributes("user attributes", facts.userXattrs()));
        findings.add(attributes("trusted attributes", facts.trustedXattrs()));
        return findings;
    }

    private static Finding attributes(String subject, FileSystemFacts.Attributes attributes) {
        return switch (attributes) {
            case SUPPORTED -> Finding.ok(subject, "can be set");
            case UNSUPPORTED ->
                Finding.warn(
                        subject,
                        "this file system has none",
                        "layers that use them unpack without; use ext4, xfs or btrfs");
            case REFUSED ->
                Finding.warn(
                        subject,
                        "may not be set by this user",
                        "'unpack --layers' as root marks opaque directories with them");
            case UNKNOWN -> Finding.warn(subject, "could not be tried", "check that the root can be written to");
        };
    }

    private static Path nearestExisting(Path path) {
        for (Path at = path; at != null; at = at.getParent()) {
            if (Files.isDirectory(at)) {
                return at;
            }
        }
        return Path.of("/");
    }
}
