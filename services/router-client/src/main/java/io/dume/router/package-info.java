/**
 * The client library for whoever routes with what the stream learns.
 *
 * <p>{@link io.dume.router.RouterSubscription} gives the newest router at start and then each new
 * one; {@link io.dume.router.RouterHistory} tells which versions and refusals there were and brings
 * back any version; both give a {@link io.dume.router.Router} only when all its parts are there and
 * their SHA-256 is the one that the version states.
 *
 * <p>The topic router-versions is one partition in which the parts of a version stand before the
 * version itself. So a reader that looks for the newest one reads the last few records, and goes
 * back in growing windows only if what it needs does not lie there. Whatever else lies on the topic
 * (other routers, other messages, bytes that are no message) is skipped, counted, and logged as a
 * warning where it should not be there.
 */
package io.dume.router;
