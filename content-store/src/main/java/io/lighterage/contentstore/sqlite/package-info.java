/// The durable facts about blobs, images and leases, in one SQLite database. The only place that knows SQL.
@NullMarked
package io.lighterage.contentstore.sqlite;

import org.jspecify.annotations.NullMarked;
