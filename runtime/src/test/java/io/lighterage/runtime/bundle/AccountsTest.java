package io.lighterage.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountsTest {
    private static final String PASSWD = """
            # a comment
            root:x:0:0:root:/root:/bin/sh
            broken line
            web:x:33:34:web:/var/www:/bin/false
            1000:x:5:6::/numbered:
            overflow:x:4294967296:0::/:
            negative:x:-1:0::/:
            nogroup:x:7:99999999999999999999::/:
            short:x:8:9
            relative:x:10:10::home:
            """;
    private static final String GROUP = """
            root:x:0:
            web:x:34:
            adm:x:4:web,other
            tape:x:26:other,web
            huge:x:4294967296:web
            own:x:34:web
            nomembers:x:50
            """;

    private static ContainerUser resolve(String user) {
        return new Accounts(PASSWD, GROUP).resolve(user);
    }

    @Test
    void nobodyNamedIsRoot() {
        assertThat(resolve("")).isEqualTo(new ContainerUser(0, 0, List.of(), "/root"));
        assertThat(new Accounts("", "").resolve("")).isEqualTo(new ContainerUser(0, 0, List.of(), "/"));
    }

    @Test
    void aNameBringsItsGroupsAndHome() {
        assertThat(resolve("web")).isEqualTo(new ContainerUser(33, 34, List.of(4, 26), "/var/www"));
        assertThat(resolve("33")).isEqualTo(new ContainerUser(33, 34, List.of(4, 26), "/var/www"));
        assertThat(resolve("web:")).isEqualTo(resolve("web"));
        assertThat(resolve("short")).isEqualTo(new ContainerUser(8, 9, List.of(), "/"));
        assertThat(resolve("relative").home()).isEqualTo("/");
    }

    @Test
    void aGivenGroupTakesThePlaceOfAllOthers() {
        assertThat(resolve("web:tape")).isEqualTo(new ContainerUser(33, 26, List.of(), "/var/www"));
        assertThat(resolve("web:77")).isEqualTo(new ContainerUser(33, 77, List.of(), "/var/www"));
        assertThat(resolve("4711:nomembers")).isEqualTo(new ContainerUser(4711, 50, List.of(), "/"));
    }

    @Test
    void aNumberNobodyHasIsTakenAsItIs() {
        assertThat(resolve("4711")).isEqualTo(new ContainerUser(4711, 0, List.of(), "/"));
        assertThat(resolve("2147483647").uid()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void aNameOfDigitsIsANameFirst() {
        assertThat(resolve("1000")).isEqualTo(new ContainerUser(5, 6, List.of(), "/numbered"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2147483648",
                "4294967295",
                "4294967296",
                "18446744073709551616",
                "999999999999999999999999999999999999",
                "-1",
                "+5",
                "0:4294967296",
                "overflow",
                "negative",
                "nogroup",
                "0:huge"
            })
    void aNumberOutOfRangeIsRefused(String user) {
        refused(user, ErrorKind.INVALID);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nobody", "web:nobody", "broken line", "# a comment", "web:x:33", "wéb", "\u0000"})
    void anUnknownNameIsNotFound(String user) {
        refused(user, ErrorKind.NOT_FOUND);
    }

    private static void refused(String user, ErrorKind kind) {
        assertThatThrownBy(() -> resolve(user))
                .isInstanceOfSatisfying(
                        ImageException.class,
                        e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
    }

    @Test
    void aMessageHoldsNoControlCharactersAndNotMuchOfAHostileName() {
        assertThatThrownBy(() -> resolve("\u001b[31m" + "x".repeat(10_000)))
                .hasMessageNotContaining("\u001b")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
    }

    @Test
    void randomTextGivesAUserOrAnImageException() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String letters = "abr0:19\n,-#x\u0000é";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder passwd = new StringBuilder(PASSWD);
            StringBuilder user = new StringBuilder();
            for (int j = random.nextInt(6); j >= 0; j--) {
                passwd.setCharAt(random.nextInt(passwd.length()), letters.charAt(random.nextInt(letters.length())));
                user.append(letters.charAt(random.nextInt(letters.length())));
            }
            try {
                ContainerUser found = new Accounts(passwd.toString(), GROUP).resolve(user.toString());
                assertThat(found.uid()).as("seed %d, round %d", seed, i).isNotNegative();
            } catch (ImageException e) {
                assertThat(e.kind()).as("seed %d, round %d", seed, i).isIn(ErrorKind.INVALID, ErrorKind.NOT_FOUND);
            }
        }
    }
}
