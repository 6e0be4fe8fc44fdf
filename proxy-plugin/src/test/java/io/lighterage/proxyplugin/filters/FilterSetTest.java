package io.lighterage.proxyplugin.filters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilterSetTest {
    private static final Map<String, String> VALUES = Map.of(
            "name", "default/1/a b",
            "parent", "",
            "kind", "active",
            "labels.a.b/c", "v1",
            "labels.quote\"d", "x,y",
            "labels.line", "a\nb\\");

    private static final Fields FIELDS = path -> Optional.ofNullable(VALUES.get(String.join(".", path)));

    private static boolean matches(String... filters) {
        return FilterSet.parse(List.of(filters)).matches(FIELDS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "name",
                "parent",
                "kind==active",
                "kind == active",
                " kind==\"active\" ",
                "kind!=view",
                "labels.nothing!=x",
                "parent==\"\"",
                "labels.\"a.b/c\"==v1",
                "labels.a.\"b/c\"==v1",
                "labels.\"quote\\\"d\"==\"x,y\"",
                "labels.line==\"a\\nb\\\\\"",
                "labels.line==\"\\x61\\012\\u0062\\U0000005c\"",
                "name~=default",
                "name~=/^default\\/[0-9]+/",
                "name~=|a b$|",
                "name~=\"^default/1\"",
                "kind==active,labels.\"a.b/c\"==v1,parent==\"\"",
                "nothing!=a",
            })
    void matchesWhatItDescribes(String filter) {
        assertThat(matches(filter)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing",
                "labels",
                "name.more",
                "nothing==\"\"",
                "nothing~=.*",
                "kind==view",
                "kind!=active",
                "parent!=\"\"",
                "name~=^1",
                "kind==active,kind==view",
                "labels.\"a.b/c\"==v",
            })
    void doesNotMatchWhatItDoesNotDescribe(String filter) {
        assertThat(matches(filter)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ",",
                "kind==active,",
                ",kind",
                "kind=",
                "kind=active",
                "kind==",
                "kind==a b",
                "kind===",
                "kind~a",
                "kind<a",
                ".kind",
                "kind.",
                "labels..a",
                "labels.a/b==x",
                "\"kind",
                "kind==\"a",
                "kind==\"a\nb\"",
                "kind==\"\\q\"",
                "kind==\"\\x4\"",
                "kind==\"\\400\"",
                "kind==\"\\U00110000\"",
                "kind==/a/",
                "kind==|a|",
                "kind~=(",
                "kind~=a{1001}",
                "kind~=/((a{100}){100}){100}/",
                "'kind'==a",
                "kind\0==a",
            })
    void whatIsNoFilterIsRefused(String filter) {
        assertThatThrownBy(() -> matches(filter))
                .isInstanceOfSatisfying(
                        ImageException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void oneOfSeveralIsEnough() {
        assertThat(matches()).isTrue();
        assertThat(matches("kind==view", "kind==active")).isTrue();
        assertThat(matches("kind==view", "kind==committed")).isFalse();
        assertThat(matches("kind==view", "")).isTrue();
    }

    @Test
    void tooManyOrTooLongAreRefused() {
        assertThatThrownBy(() -> FilterSet.parse(Collections.nCopies(65, "name")))
                .isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> matches("name==" + "x".repeat(1 << 14))).isInstanceOf(ImageException.class);
        assertThatThrownBy(() -> matches("name~=" + "x".repeat(1025))).isInstanceOf(ImageException.class);
    }

    @Test
    void noPatternHangs() {
        Fields tricky = path -> Optional.of("a".repeat(4000));
        for (String pattern : List.of("(a*)*b", "(a|aa)+$b", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)x", "(a?){30}(a){30}b")) {
            // With a backtracking matcher each of these would not end.
            assertThat(FilterSet.parse(List.of("name~=/" + pattern + "/")).matches(tricky))
                    .isFalse();
        }
    }

    @Test
    void anyTextIsAFilterOrRefused() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String alphabet = "kindlabels.name==!=~=\"/|\\,,x01 {}()*+?[]\u00e9\ud83d\n\0";
        int understood = 0;
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(24); i >= 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try {
                boolean ignored = matches(text.toString());
                understood++;
            } catch (ImageException e) {
                assertThat(e.kind()).as("seed %d: %s", seed, text).isEqualTo(ErrorKind.INVALID);
            }
        }
        assertThat(understood).as("seed %d", seed).isPositive();
    }
}
