/// SHA-256 by OpenSSL's library where the machine has it: fast from the first byte on.
@NullMarked
package io.lighterage.linux.openssl;

import org.jspecify.annotations.NullMarked;
