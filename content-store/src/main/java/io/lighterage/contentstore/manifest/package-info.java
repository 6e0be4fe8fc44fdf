/// OCI and Docker documents as typed values: pure parsers with named limits.
@NullMarked
package io.lighterage.contentstore.manifest;

import org.jspecify.annotations.NullMarked;
