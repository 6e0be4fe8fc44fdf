package io.lighterage.resolver.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChallengeTest {
    @Test
    void quotedCommasEscapesAndCaseAreRead() {
        assertThat(Challenge.parse(List.of(
                        "BEARER Realm=\"https://a/b?c=d,e\", Service = \"x\\\"y\" ,scope=\"repository:a:pull,push\"")))
                .containsExactly(new Challenge(
                        "bearer",
                        Map.of("realm", "https://a/b?c=d,e", "service", "x\"y", "scope", "repository:a:pull,push")));
    }

    @Test
    void severalChallengesInOneHeaderAreSeparate() {
        assertThat(Challenge.parse(List.of("Negotiate, Basic realm=one, Bearer realm=\"two\",service=s", "Digest a=b")))
                .extracting(Challenge::scheme)
                .containsExactly("negotiate", "basic", "bearer", "digest");
    }

    @Test
    void anyTextIsReadWithoutFailingOrHanging() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String alphabet = "Bearer=\",\\ \tab;:é\u0000";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(40); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(Challenge.parse(List.of(text.toString())))
                    .as("seed %d: %s", seed, text)
                    .hasSizeLessThan(41);
        }
    }
}
