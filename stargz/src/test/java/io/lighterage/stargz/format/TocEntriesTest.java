package io.lighterage.stargz.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.IndexedTar;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every corner of the table of contents.
class TocEntriesTest {
    private static LayerIndex index(String... items) {
        LazyBlob blob = LazyBlob.gzipMembers();
        for (String item : items) {
            blob.item(item);
        }
        return blob.estargz().index();
    }

    private static void assertFails(ErrorKind kind, String part, LazyBlob blob) {
        VerifiedLayer layer = blob.open().verify();
        assertThatThrownBy(() -> layer.builder().image())
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind))
                .hasMessageContaining(part);
    }

    private static void assertInvalid(String part, String... items) {
        LazyBlob blob = LazyBlob.gzipMembers();
        for (String item : items) {
            blob.item(item);
        }
        assertFails(ErrorKind.INVALID, part, blob.estargz());
    }

    private static String text(LazyBlob blob, LayerIndex index, String path) {
        int inode = IndexedTar.find(index, path);
        StringBuilder text = new StringBuilder();
        long at = index.flatOffset(inode);
        while (at < index.flatOffset(inode) + index.size(inode)) {
            int chunk = index.chunkAt(at);
            text.append(new String(blob.chunk(index, chunk), StandardCharsets.UTF_8));
            at += index.chunkLength(chunk);
        }
        return text.toString();
    }

    @Test
    void everyKindOfItem() {
        LayerIndex index = index(
                "{'name':'./','type':'dir','mode':448,'modtime':'2024-02-29T12:34:56Z','uid':1,'gid':2}",
                "{'name':'d/','type':'dir','mode':16877}",
                "{'name':'./d/s','type':'symlink','linkName':'../x','mode':511}",
                "{'name':'c','type':'char','devMajor':1,'devMinor':3,'mode':438}",
                "{'name':'b','type':'block','devMajor':8,'devMinor':1}",
                "{'name':'p','type':'fifo','NumLink':0,'unknown':{'a':[1,2,{'b':null}]}}",
                "{'name':'e','type':'reg','digest':'" + LazyBlob.sha("") + "','mode':33188}",
                "{'name':'h','type':'hardlink','linkName':'./e'}");
        assertThat(index.mode(0)).isEqualTo(0700);
        assertThat(index.uid(0)).isEqualTo(1);
        assertThat(index.gid(0)).isEqualTo(2);
        assertThat(index.modifySeconds(0)).isEqualTo(1709210096L);
        assertThat(index.mode(IndexedTar.find(index, "d"))).isEqualTo(0755);
        assertThat(index.target(IndexedTar.find(index, "d/s"))).isEqualTo(RawName.of("../x"));
        int c = IndexedTar.find(index, "c");
        assertThat(index.kind(c)).isEqualTo(Kind.CHARACTER_DEVICE);
        assertThat(index.deviceMajor(c)).isEqualTo(1);
        assertThat(index.deviceMinor(c)).isEqualTo(3);
        assertThat(index.kind(IndexedTar.find(index, "b"))).isEqualTo(Kind.BLOCK_DEVICE);
        assertThat(index.kind(IndexedTar.find(index, "p"))).isEqualTo(Kind.FIFO);
        assertThat(IndexedTar.find(index, "h")).isEqualTo(IndexedTar.find(index, "e"));
        assertThat(index.linkCount(IndexedTar.find(index, "h"))).isEqualTo(2);
        assertThat(index.chunkCount()).isZero();
    }

    @Test
    void chunksAreFoundByPositionAndTheLastMayOmitItsSize() {
        LazyBlob blob = LazyBlob.gzipMembers();
        int first = blob.add("01234567");
        int second = blob.add("89abcdef");
        int third = blob.add("xyz");
        blob.item("{'name':'f','type':'reg','size':19,'offset':" + first + ",'chunkSize':8,'chunkDigest':'"
                + LazyBlob.sha("01234567") + "','digest':'" + LazyBlob.sha("01234567" + "89abcdefxyz") + "'}");
        blob.item("{'name':'other','type':'chunk','offset':" + second + ",'chunkOffset':8,'chunkSize':8,'chunkDigest':'"
                + LazyBlob.sha("89abcdef") + "'}");
        blob.item("{'name':'f','type':'chunk','offset':" + third + ",'chunkOffset':16,'chunkDigest':'"
                + LazyBlob.sha("xyz") + "'}");
        LayerIndex index = blob.estargz().index();
        assertThat(index.chunkCount()).isEqualTo(3);
        assertThat(text(blob, index, "f")).isEqualTo("0123456789abcdefxyz");
        assertThat(index.chunkBlobEnd(0)).isEqualTo(second);
        assertThat(index.chunkBlobEnd(1)).isEqualTo(third);
        assertThat(index.fetchSize()).isEqualTo(index.chunkBlobEnd(2) - first);
    }

    @Test
    void severalFilesMayShareAMember() {
        LazyBlob blob = LazyBlob.gzipMembers();
        int at = blob.add("head-one-padding-two");
        int next = blob.add("three");
        blob.item("{'name':'one','type':'reg','size':3,'offset':" + at + ",'innerOffset':5,'chunkDigest':'"
                + LazyBlob.sha("one") + "'}");
        blob.item("{'name':'two','type':'reg','size':3,'offset':" + at + ",'innerOffset':17,'chunkDigest':'"
                + LazyBlob.sha("two") + "'}");
        blob.item("{'name':'three','type':'reg','size':5,'offset':" + next + ",'digest':'" + LazyBlob.sha("three")
                + "'}");
        LayerIndex index = blob.estargz().index();
        assertThat(text(blob, index, "one")).isEqualTo("one");
        assertThat(text(blob, index, "two")).isEqualTo("two");
        assertThat(text(blob, index, "three")).isEqualTo("three");
        assertThat(index.chunkBlobEnd(0)).isEqualTo(next);
        assertThat(index.chunkBlobEnd(1)).isEqualTo(next);
        assertThat(index.fetchSize()).isEqualTo(index.chunkBlobEnd(2) - at);
    }

    @Test
    void theLandmarkEndsThePrioritizedRangeAndIsNoFile() {
        LazyBlob blob = LazyBlob.gzipMembers().file("first", "x");
        int landmark = blob.size();
        blob.file(".prefetch.landmark", "\u000f").file("second", "y");
        LayerIndex index = blob.estargz().index();
        assertThat(index.prefetchEnd()).isEqualTo(landmark);
        assertThat(index.chunkBlobEnd(0)).isEqualTo(landmark);
        assertThat(index.childCount(0)).isEqualTo(2);
        LayerIndex none = LazyBlob.gzipMembers()
                .file("./.no.prefetch.landmark", "\u000f")
                .file("a", "x")
                .estargz()
                .index();
        assertThat(none.prefetchEnd()).isZero();
        assertThat(none.childCount(0)).isEqualTo(1);
    }

    @Test
    void chunkedFilesEndWhereTheySayAndHolesAreNotFetched() {
        LazyBlob blob = LazyBlob.zstdFrames();
        int first = blob.add("data");
        int hole = blob.add(new byte[2000]);
        int last = blob.add("tail");
        int end = blob.size();
        blob.add(new byte[512]);
        blob.item("{'name':'f','type':'reg','size':2008,'offset':" + first + ",'endOffset':" + end
                + ",'chunkSize':4,'chunkDigest':'" + LazyBlob.sha("data") + "','digest':'" + LazyBlob.sha("") + "'}");
        blob.item("{'name':'f','type':'chunk','offset':" + hole
                + ",'chunkOffset':4,'chunkSize':2000,'chunkType':'zeros','chunkDigest':'" + LazyBlob.sha("\0") + "'}");
        blob.item("{'name':'f','type':'chunk','offset':" + last + ",'chunkOffset':2004,'chunkSize':4,'chunkDigest':'"
                + LazyBlob.sha("tail") + "'}");
        blob.item("{'name':'empty','type':'reg','size':0}");
        LayerIndex index = blob.chunked().index();
        assertThat(index.chunkIsHole(1)).isTrue();
        assertThat(index.chunkLength(1)).isEqualTo(2000);
        assertThat(index.chunkBlobEnd(2)).isEqualTo(end);
        assertThat(index.fetchSize()).isEqualTo(hole - first + end - last);
        assertThat(blob.chunk(index, 0)).isEqualTo("data".getBytes(StandardCharsets.UTF_8));
        assertThat(blob.chunk(index, 2)).isEqualTo("tail".getBytes(StandardCharsets.UTF_8));
        assertThat(index.size(IndexedTar.find(index, "empty"))).isZero();
    }

    @Test
    void aHoleMayBeLongerThanAnyChunk() {
        long size = 5L << 30;
        LazyBlob blob = LazyBlob.zstdFrames();
        int at = blob.add("x");
        blob.item("{'name':'f','type':'reg','size':" + size + ",'offset':" + at + ",'endOffset':" + blob.size()
                + ",'chunkType':'zeros'}");
        LayerIndex index = blob.chunked().index();
        assertThat(index.size(1)).isEqualTo(size);
        assertThat(index.chunkCount()).isEqualTo((int) (size / LayerIndex.MAX_CHUNK));
        assertThat(index.fetchSize()).isZero();
    }

    @Test
    void keysCountInAnyCaseAndNullIsAbsent() {
        LayerIndex index =
                index("{'NAME':'a','Type':'symlink','LINKNAME':'t','uid':null,'modtime':null,'xattrs':null}");
        assertThat(index.target(1)).isEqualTo(RawName.of("t"));
    }

    @Test
    void attributesAreDecoded() {
        LayerIndex index = index("{'name':'a','type':'dir','xattrs':{'user.a':'AP8=','user.b':''}}");
        assertThat(index.xattrs(1))
                .isEqualTo(Map.of(
                        RawName.of("user.a"),
                        RawName.of(new byte[] {0, (byte) 0xff}),
                        RawName.of("user.b"),
                        RawName.EMPTY));
        assertInvalid("user.a", "{'name':'a','type':'dir','xattrs':{'user.a':'%%'}}");
        assertInvalid("xattrs", "{'name':'a','type':'dir','xattrs':{'user.a':1}}");
    }

    @ParameterizedTest
    @CsvSource({
        "2024-02-29T12:34:56Z, 1709210096, 0",
        "2024-02-29T12:34:56.5Z, 1709210096, 500000000",
        "2024-02-29T12:34:56.1234567899Z, 1709210096, 123456789",
        "1969-12-31T23:59:59.9Z, -1, 900000000",
        "0001-01-01T00:00:00Z, -62135596800, 0",
        "2024-02-29T13:34:56+01:00, 1709210096, 0"
    })
    void times(String text, long seconds, int nanos) {
        LayerIndex index = index("{'name':'a','type':'dir','modtime':'" + text + "'}");
        assertThat(index.modifySeconds(1)).isEqualTo(seconds);
        assertThat(index.modifyNanos(1)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "now",
                "2024-02-30T12:34:56Z",
                "2024-02-29T24:00:00Z",
                "2024-02-29T12:34:56.Z",
                "2024-02-29T12:34:56.123456789xZ",
                "2024-02-29 12:34:56Z",
                "2024-02-29T12:34:5Z",
                "Z"
            })
    void timesThatAreNone(String text) {
        assertInvalid("expected RFC 3339", "{'name':'a','type':'dir','modtime':'" + text + "'}");
    }

    @Test
    void itemsThatCannotBeAreRefusedByName() {
        assertInvalid("'weird'", "{'name':'a','type':'weird'}");
        assertInvalid("entry 'a'", "{'name':'a','type':'chunk'}");
        assertInvalid("entry 'b'", "{'name':'a','type':'dir'}", "{'name':'b','type':'chunk'}");
        assertInvalid("field 'size'", "{'name':'a','type':'reg','size':'1'}");
        assertInvalid("field 'mode'", "{'name':'a','type':'reg','mode':1.5}");
        assertInvalid("field 'name'", "{'name':1,'type':'reg'}");
        assertInvalid("not valid", "{'name':'a','type':'reg','size':99999999999999999999}");
        assertInvalid("half a character", "{'name':'\\ud800','type':'dir'}");
        assertInvalid("'a'", "{'name':'a','type':'dir','uid':-1}");
        assertInvalid(
                "circle",
                "{'name':'a','type':'hardlink','linkName':'b'}",
                "{'name':'b','type':'hardlink','linkName':'a'}");
    }

    @Test
    void chunksThatCannotBeAreRefusedByName() {
        String sha = LazyBlob.sha("x");
        assertInvalid("without a digest", "{'name':'a','type':'reg','size':1,'offset':3}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':-1,'digest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':1,'offset':-3,'digest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':1,'offset':100000,'digest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':1,'innerOffset':-1,'digest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':9,'chunkSize':10,'chunkDigest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':9,'chunkSize':-1,'chunkDigest':'" + sha + "'}");
        assertInvalid("'a'", "{'name':'a','type':'reg','size':9,'chunkSize':8,'chunkDigest':'" + sha + "'}");
        // a gap, an overlap, too much, a file of nothing
        for (String second :
                new String[] {"5,'chunkSize':4", "3,'chunkSize':6", "4,'chunkSize':6", "4,'chunkSize':4"}) {
            assertInvalid(
                    "'a'",
                    "{'name':'a','type':'reg','size':9,'chunkSize':4,'chunkDigest':'" + sha + "'}",
                    "{'name':'a','type':'chunk','offset':2,'chunkDigest':'" + sha + "','chunkOffset':" + second + "}");
        }
        assertInvalid("'a'", "{'name':'a','type':'reg'}", "{'name':'a','type':'chunk','chunkDigest':'" + sha + "'}");
        assertInvalid("sha256", "{'name':'a','type':'reg','size':1,'chunkDigest':'nonsense'}");
        assertFails(
                ErrorKind.UNSUPPORTED,
                "smaller chunks",
                LazyBlob.gzipMembers()
                        .item("{'name':'a','type':'reg','size':999999999,'chunkDigest':'" + sha + "'}")
                        .estargz());
        assertFails(
                ErrorKind.UNSUPPORTED,
                "type 'new'",
                LazyBlob.zstdFrames()
                        .item("{'name':'a','type':'reg','size':1,'chunkType':'new','digest':'" + sha + "'}")
                        .chunked());
        for (String end : new String[] {"100000", "-1", "1"}) {
            assertFails(
                    ErrorKind.INVALID,
                    "'a'",
                    LazyBlob.zstdFrames()
                            .item("{'name':'a','type':'reg','size':1,'offset':3,'endOffset':" + end + ",'digest':'"
                                    + sha + "'}")
                            .chunked());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "null",
                "{\"version\":1,\"entries\":[]} {}",
                "{\"version\":1,\"entries\":[]}x",
                "{\"version\":1,\"entries\":[1]}",
                "{\"version\":1,\"entries\":[{}]}",
                "{\"version\":1,\"entries\":[",
                "{\"version\":1,\"entries\":[],\"entries\":[]}",
                "{\"version\":1,\"deep\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}"
            })
    void textThatIsNoTable(String text) {
        assertFails(ErrorKind.INVALID, "", LazyBlob.gzipMembers().estargz(text.getBytes(StandardCharsets.UTF_8), 51));
    }

    @Test
    void otherVersionsAreUnsupported() {
        for (String text : new String[] {"{}", "{\"version\":2,\"entries\":[]}"}) {
            assertFails(
                    ErrorKind.UNSUPPORTED,
                    "version",
                    LazyBlob.gzipMembers().estargz(text.getBytes(StandardCharsets.UTF_8), 51));
        }
        byte[] spaced = "\n\t{ \"entries\" : null , \"version\" : 1 }\n\n".getBytes(StandardCharsets.UTF_8);
        assertThat(LazyBlob.gzipMembers().estargz(spaced, 51).index().inodeCount())
                .isEqualTo(1);
    }

    @Test
    void namesThatAreNotUtf8AreRefused() {
        byte[] json = "{\"version\":1,\"entries\":[{\"name\":\"\u00ff\",\"type\":\"dir\"}]}"
                .getBytes(StandardCharsets.ISO_8859_1);
        assertFails(ErrorKind.INVALID, "not valid", LazyBlob.gzipMembers().estargz(json, 51));
    }
}
