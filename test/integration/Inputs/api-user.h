/* Uses all of memtrack.h; C89 and C++98, without a warning. */
#include <memtrack/memtrack.h>

static int use_api(void) {
    memtrack_tags tags = memtrack_get_tags();
    int recording = memtrack_is_recording();

    memtrack_phase("phase");
    memtrack_phase(0);
    memtrack_name_thread("thread");
    memtrack_push_tag("tag");
    memtrack_set_tags(tags);
    memtrack_pop_tag();
    memtrack_pause();
    memtrack_resume();
    return recording == 0 && memtrack_snapshot("snapshot") == -1 ? 0 : 1;
}
