package io.lighterage.remotesnapshotter.apply;

import static io.lighterage.stargz.tar.Tars.blockDevice;
import static io.lighterage.stargz.tar.Tars.charDevice;
import static io.lighterage.stargz.tar.Tars.dir;
import static io.lighterage.stargz.tar.Tars.fifo;
import static io.lighterage.stargz.tar.Tars.file;
import static io.lighterage.stargz.tar.Tars.hardlink;
import static io.lighterage.stargz.tar.Tars.header;
import static io.lighterage.stargz.tar.Tars.pax;
import static io.lighterage.stargz.tar.Tars.symlink;
import static io.lighterage.stargz.tar.Tars.tarOf;
import static io.lighterage.stargz.tar.Tars.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What one entry makes, and what it makes of what is there.
class LayerApplierTest {
    @TempDir
    Path scratch;

    private Unpacking unpacking;

    @BeforeEach
    void begin() throws IOException {
        Unpacking.assumeRoot();
        unpacking = new Unpacking(scratch);
    }

    @Test
    void filesHaveContentOwnerModeTimeAndXattrs() throws IOException {
        byte[] content = new byte[700_001];
        new Random(7).nextBytes(content);
        unpacking.merged(tarOf(
                dir("d").mode(0750).owner(3, 4).time(1_000_000_000, 5),
                file("d/f", content)
                        .mode(0640)
                        .owner(70_000, 80_000)
                        .time(1_234_567_890, 123_456_789)
                        .xattr("user.one", "1")
                        .xattr("user.bytes", new byte[] {0, 1, -1}),
                file("d/empty", "")));
        TreeListing.Node node = unpacking.listing().at("d/f");
        assertThat(node.mode()).isEqualTo(Flags.S_IFREG | 0640);
        assertThat(node.uid()).isEqualTo(70_000);
        assertThat(node.gid()).isEqualTo(80_000);
        assertThat(node.modifySeconds()).isEqualTo(1_234_567_890);
        assertThat(node.modifyNanos()).isEqualTo(123_456_789);
        assertThat(node.content()).isEqualTo(Digest.sha256(content).hex());
        assertThat(node.xattrs())
                .containsEntry(RawName.of("user.one"), RawName.of("1"))
                .containsEntry(RawName.of("user.bytes"), RawName.of(new byte[] {0, 1, -1}));
        TreeListing.Node directory = unpacking.listing().at("d");
        assertThat(directory.mode()).isEqualTo(Flags.S_IFDIR | 0750);
        assertThat(directory.modifySeconds()).isEqualTo(1_000_000_000);
        assertThat(directory.modifyNanos()).isEqualTo(5);
    }

    @Test
    void timesBeforeTheEpochAreKept() throws IOException {
        unpacking.merged(tarOf(file("f", "x").time(-6, 500_000_000), dir("d").time(-100, 1)));
        assertThat(unpacking.listing().at("f").modifySeconds()).isEqualTo(-6);
        assertThat(unpacking.listing().at("f").modifyNanos()).isEqualTo(500_000_000);
        assertThat(unpacking.listing().at("d").modifySeconds()).isEqualTo(-100);
    }

    @Test
    void setUidBitsSurviveTheChangeOfOwner() throws IOException {
        unpacking.merged(tarOf(
                file("s", "x").mode(06755).owner(5, 6),
                dir("sticky").mode(01777).owner(5, 6),
                dir("group").mode(02775).owner(5, 6),
                file("group/f", "x").mode(0644)));
        assertThat(unpacking.listing().at("s").mode() & 07777).isEqualTo(06755);
        assertThat(unpacking.listing().at("sticky").mode() & 07777).isEqualTo(01777);
        assertThat(unpacking.listing().at("group").mode() & 07777).isEqualTo(02775);
        // A set-gid directory hands its group down; the entry says otherwise.
        assertThat(unpacking.listing().at("group/f").gid()).isZero();
    }

    @Test
    void everyModeIsWhatTheEntrySays() throws IOException {
        unpacking.merged(tarOf(
                file("none", "x").mode(0),
                file("all", "x").mode(0777),
                file("loose", "x").mode(0666),
                file("first", "x").mode(0600),
                dir("readonly").mode(0555),
                file("readonly/f", "x").mode(0444)));
        TreeListing listing = unpacking.listing();
        assertThat(listing.at("none").mode() & 07777).isZero();
        assertThat(listing.at("all").mode() & 07777).isEqualTo(0777);
        assertThat(listing.at("loose").mode() & 07777).isEqualTo(0666);
        assertThat(listing.at("first").mode() & 07777).isEqualTo(0600);
        assertThat(listing.at("readonly").mode() & 07777).isEqualTo(0555);
        assertThat(listing.at("readonly/f").mode() & 07777).isEqualTo(0444);
    }

    @Test
    void aDefaultAclOfADirectoryDoesNotChangeTheModeOfItsFiles() throws Exception {
        Files.createDirectories(unpacking.target());
        // posix_acl_xattr: version 2, then tag, permissions, id: user rwx, group and others nothing.
        byte[] acl = {2, 0, 0, 0, 1, 0, 7, 0, -1, -1, -1, -1, 4, 0, 0, 0, -1, -1, -1, -1, 0x20, 0, 0, 0, -1, -1, -1, -1
        };
        byte[] path = RawName.of(unpacking.target().toString()).toBytes();
        byte[] name = RawName.of("system.posix_acl_default").toBytes();
        int result = new NativeFileCalls().setxattrat(Flags.AT_FDCWD, path, name, acl);
        org.junit.jupiter.api.Assumptions.assumeTrue(result == 0, "the temporary directory has no ACLs");
        unpacking.merged(tarOf(file("a", "x").mode(0644), file("b", "x").mode(0644), dir("d"), file("d/c", "x")));
        assertThat(unpacking.listing().at("b").mode() & 07777).isEqualTo(0644);
        assertThat(unpacking.listing().at("d/c").mode() & 07777).isEqualTo(0644);
    }

    @Test
    void nodesAndLinksAreMade() throws IOException {
        unpacking.merged(tarOf(
                charDevice("null", 1, 3).mode(0666),
                blockDevice("disk", 259, 70_000).mode(0660).owner(0, 6),
                fifo("pipe").mode(0622).time(99, 7),
                symlink("link", "nowhere/at all").owner(8, 9).time(77, 8),
                file("f", "x").mode(0600).owner(1, 2).time(55, 0),
                hardlink("h", "f").mode(0777).owner(3, 3).time(44, 0)));
        TreeListing listing = unpacking.listing();
        assertThat(listing.at("null").mode()).isEqualTo(Flags.S_IFCHR | 0666);
        assertThat(listing.at("null").deviceMajor()).isEqualTo(1);
        assertThat(listing.at("null").deviceMinor()).isEqualTo(3);
        assertThat(listing.at("disk").mode()).isEqualTo(Flags.S_IFBLK | 0660);
        assertThat(listing.at("disk").deviceMajor()).isEqualTo(259);
        assertThat(listing.at("disk").deviceMinor()).isEqualTo(70_000);
        assertThat(listing.at("pipe").mode()).isEqualTo(Flags.S_IFIFO | 0622);
        assertThat(listing.at("pipe").modifySeconds()).isEqualTo(99);
        assertThat(listing.at("link").target()).isEqualTo(RawName.of("nowhere/at all"));
        assertThat(listing.at("link").uid()).isEqualTo(8);
        assertThat(listing.at("link").modifySeconds()).isEqualTo(77);
        // What a hard link entry says of the inode does not count, its target has said it.
        assertThat(listing.at("h").linkedTo()).isEqualTo(RawName.of("f"));
        assertThat(listing.at("h").mode() & 07777).isEqualTo(0600);
        assertThat(listing.at("h").modifySeconds()).isEqualTo(55);
        assertThat(listing.at("h").links()).isEqualTo(2);
    }

    @Test
    void hardLinksToSymlinksLinkTheSymlink() throws IOException {
        unpacking.merged(tarOf(symlink("s", "nowhere"), hardlink("h", "s")));
        assertThat(unpacking.listing().at("h").target()).isEqualTo(RawName.of("nowhere"));
        assertThat(unpacking.listing().at("s").links()).isEqualTo(2);
    }

    @Test
    void hardLinksReachIntoLowerLayersAndOverThemselves() throws IOException {
        unpacking.merged(tarOf(file("f", "low"), file("old", "x")), tarOf(hardlink("h", "f"), hardlink("old", "f")));
        assertThat(unpacking.listing().at("old").links()).isEqualTo(3);
        unpacking.merged(tarOf(hardlink("h", "f"), hardlink("f", "f")));
        assertThat(unpacking.listing().at("f").links()).isEqualTo(3);
    }

    @Test
    void hardLinksToNothingOrToDirectoriesAreInvalid() {
        assertInvalid("neither earlier in this layer nor below", tarOf(hardlink("h", "missing")));
        assertInvalid("neither earlier in this layer nor below", tarOf(hardlink("h", "no/such/file")));
        assertInvalid("directory", tarOf(dir("d"), hardlink("h", "d")));
        assertInvalid("directory", tarOf(hardlink("h", "/")));
        assertInvalid("neither earlier", tarOf(dir("d"), file("d/f", ""), hardlink("d", "d/f")));
    }

    @Test
    void anEntryReplacesWhateverHasItsName() throws IOException {
        unpacking.merged(
                tarOf(dir("d"), dir("d/sub"), file("d/sub/f", "x"), symlink("s", "d"), file("f", "1"), fifo("p")),
                tarOf(file("d", "now a file"), dir("s"), file("s/in", "x"), symlink("f", "d"), file("p", "2")),
                tarOf(file("a", "1"), file("a", "22"), dir("a"), file("a/b", "x"), symlink("a", "z")));
        TreeListing listing = unpacking.listing();
        assertThat(listing.paths()).containsExactly("a", "d", "f", "p", "s", "s/in");
        assertThat(listing.at("d").size()).isEqualTo(10);
        assertThat(listing.at("a").target()).isEqualTo(RawName.of("z"));
    }

    @Test
    void replacingAFileLeavesItsOtherNamesAlone() throws IOException {
        unpacking.merged(tarOf(file("a", "old"), hardlink("b", "a")), tarOf(file("a", "new!")));
        assertThat(unpacking.listing().at("b").size()).isEqualTo(3);
        assertThat(unpacking.listing().at("a").size()).isEqualTo(4);
    }

    @Test
    void aDirectoryOverADirectoryKeepsItsChildrenAndReplacesItsAttributes() throws IOException {
        unpacking.merged(
                tarOf(dir("d").owner(5, 5).xattr("user.one", "1").xattr("user.two", "2"), file("d/kept", "x")),
                tarOf(dir("d").mode(0711).time(9, 9).xattr("user.two", "3")));
        TreeListing.Node node = unpacking.listing().at("d");
        assertThat(unpacking.listing().has("d/kept")).isTrue();
        assertThat(node.mode() & 07777).isEqualTo(0711);
        assertThat(node.uid()).isZero();
        assertThat(node.modifySeconds()).isEqualTo(9);
        assertThat(node.xattrs()).containsOnlyKeys(RawName.of("user.two"));
        assertThat(node.xattrs()).containsValue(RawName.of("3"));
    }

    @Test
    void directoriesKeepTheirTimesWhenALaterLayerWorksInThem() throws IOException {
        unpacking.merged(
                tarOf(dir("a").time(1000, 1), dir("a/b").time(2000, 2), file("a/b/old", "x"), file("a/gone", "x")),
                tarOf(file("a/b/new", "x"), whiteout("a/gone")));
        assertThat(unpacking.listing().at("a").modifySeconds()).isEqualTo(1000);
        assertThat(unpacking.listing().at("a/b").modifySeconds()).isEqualTo(2000);
        assertThat(unpacking.listing().at("a/b").modifyNanos()).isEqualTo(2);
    }

    @Test
    void missingParentsAre0755AndAsOldAsWhatNeedsThem() throws IOException {
        unpacking.merged(tarOf(file("p/q/f", "x").time(4242, 0)));
        assertThat(unpacking.listing().at("p").mode() & 07777).isEqualTo(0755);
        assertThat(unpacking.listing().at("p/q").modifySeconds()).isEqualTo(4242);
        assertThat(unpacking.listing().at("p").modifySeconds()).isEqualTo(4242);
    }

    @Test
    void theRootEntrySetsTheRootsAttributes() throws IOException {
        unpacking.merged(tarOf(dir("./").mode(0711).owner(7, 8).time(33, 0), file("./f", "x")));
        TreeListing.Node root = unpacking.listing().at("");
        assertThat(root.mode() & 07777).isEqualTo(0711);
        assertThat(root.uid()).isEqualTo(7);
        assertThat(root.modifySeconds()).isEqualTo(33);
        assertInvalid("root of the tree", tarOf(symlink("./", "/etc")));
        assertInvalid("root of the tree", tarOf(file("..", "x")));
    }

    @Test
    void namesAreBytes() throws IOException {
        byte[] latin = "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        unpacking.merged(tarOf(file("x", "1").name(latin), file("new\nline", "2"), file("päth/ü", "3")));
        assertThat(unpacking.listing().nodes())
                .containsKeys(RawName.of(latin), RawName.of("new\nline"), RawName.of("päth/ü"));
    }

    @Test
    void longNamesAreMadeAndOverlongOnesRefused() throws IOException {
        String deep = ("d".repeat(250) + "/").repeat(15) + "f";
        unpacking.merged(tarOf(file(deep, "x")));
        assertThat(unpacking.listing().has(deep)).isTrue();
        assertInvalid("component of 256 bytes", tarOf(file("x/" + "n".repeat(256), "x")));
        assertInvalid("bytes long; Linux allows 4095", tarOf(file(("d".repeat(250) + "/").repeat(17) + "f", "x")));
    }

    @Test
    void emptyNamesAndTargetsAreRefused() {
        assertInvalid("empty name", tarOf(header("", '0').payload("x")));
        assertInvalid("empty link target", tarOf(header("h", '1')));
        assertInvalid("symlink to 0 bytes", tarOf(header("s", '2')));
    }

    @Test
    void fileAsParentIsInvalid() {
        assertInvalid("needs a directory at 'a'", tarOf(file("a", "x"), file("a/b", "x")));
    }

    @Test
    void holesOfSparseFilesStayHoles() throws IOException {
        int size = 64 << 20;
        unpacking.merged(tarOf(
                pax(
                        "GNU.sparse.major",
                        "0",
                        "GNU.sparse.minor",
                        "1",
                        "GNU.sparse.name",
                        "sparse",
                        "GNU.sparse.size",
                        "" + size,
                        "GNU.sparse.numblocks",
                        "2",
                        "GNU.sparse.map",
                        "4096,3,33554432,5"),
                header("ignored", '0').payload("abcdefgh")));
        Path made = unpacking.target().resolve("sparse");
        assertThat(Files.size(made)).isEqualTo(size);
        byte[] all = Files.readAllBytes(made);
        assertThat(new String(all, 4096, 3, StandardCharsets.US_ASCII)).isEqualTo("abc");
        assertThat(new String(all, 33554432, 5, StandardCharsets.US_ASCII)).isEqualTo("defgh");
        assertThat(blocks("sparse")).isLessThan(100);
    }

    private long blocks(String name) {
        var calls = new NativeFileCalls();
        byte[] path = RawName.of(unpacking.target().resolve(name).toString()).toBytes();
        return java.util.Objects.requireNonNull(calls.statx(Flags.AT_FDCWD, path))
                .blocks();
    }

    @Test
    void reservedXattrsAreIgnoredAndCounted() throws IOException {
        ApplyReport report = unpacking.merged(tarOf(file("f", "x")
                .xattr("trusted.overlay.opaque", "y")
                .xattr("trusted.other", "1")
                .xattr("user.overlay.redirect", "/etc")
                .xattr("user.fine", "1")));
        assertThat(unpacking.listing().at("f").xattrs()).containsOnlyKeys(RawName.of("user.fine"));
        assertThat(report.omissions()).singleElement().satisfies(omission -> {
            assertThat(omission.kind()).isEqualTo(Omission.Kind.FORBIDDEN_XATTR);
            assertThat(omission.count()).isEqualTo(3);
            assertThat(omission.firstExample()).startsWith("f: trusted.");
        });
    }

    @Test
    void fileCapabilitiesAreSetAndSurviveTheOwner() throws IOException {
        // VFS_CAP_REVISION_2 with effective CAP_NET_RAW (bit 13), as on a ping binary.
        byte[] capability = {1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        unpacking.merged(tarOf(file("ping", "x").owner(3, 3).mode(0755).xattr("security.capability", capability)));
        assertThat(unpacking.listing().at("ping").xattrs())
                .containsEntry(RawName.of("security.capability"), RawName.of(capability));
    }

    @Test
    void impossibleXattrsAreInvalidAndNamed() {
        assertInvalid("security.capability", tarOf(file("f", "x").xattr("security.capability", "nonsense")));
    }

    @Test
    void xattrsTheFileSystemRefusesOnSymlinksAreCounted() throws IOException {
        ApplyReport report = unpacking.merged(tarOf(symlink("s", "t").xattr("user.no", "1")));
        assertThat(report.omissions()).singleElement().satisfies(omission -> {
            assertThat(omission.kind()).isEqualTo(Omission.Kind.XATTR);
            assertThat(omission.toString()).contains("user.no").contains("1 extended attributes not set");
        });
    }

    @Test
    void impossibleDevicesAreInvalid() {
        assertInvalid("which Linux cannot have", tarOf(charDevice("c", 4096, 0)));
        assertInvalid("which Linux cannot have", tarOf(charDevice("c", 0, 1 << 20)));
    }

    @Test
    void theReportCounts() throws IOException {
        byte[] tar = tarOf(file("a", "12345"), dir("d"), whiteout("x"), file("b", "1"));
        ApplyReport report = unpacking.merged(tar);
        assertThat(report).isEqualTo(new ApplyReport(4, 2, 6, tar.length, java.util.List.of()));
    }

    private void assertInvalid(String words, byte[] tar) {
        assertThatThrownBy(() -> unpacking.merged(tar))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining(words)
                .satisfies(e -> assertThat(((ImageException) e).kind()).isEqualTo(ErrorKind.INVALID));
    }
}
