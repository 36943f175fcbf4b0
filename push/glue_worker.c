/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Worker processes under httpd's care: see glue_worker.h. */
#include "push/glue_worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap_listen.h"
#include "ap_mpm.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_main.h"
#include "mpm_common.h"
#include "unixd.h"

#include "push/worker.h"

/* A worker that dies sooner than this after its start did so "at once". */
#define AT_ONCE         apr_time_from_sec(10)
/* Then its successor waits, twice as long each time, up to this. */
#define MAX_WAIT        apr_time_from_sec(60)
/* How long a stopping parent waits for a worker before it kills it: a worker
 * needs a second for posts in flight, and the store's lock for the rest. */
#define STOP_PATIENCE   apr_time_from_sec(4)

/* Octets of the pipe for delivery reports: 4096 of them. */
#define REPORT_PIPE     (1 << 20)

#ifdef SYNCML_COVERAGE
extern void __gcov_dump(void);
#endif

/* A store's worker over all generations. In the process pool. */
typedef struct slot_t {
    struct slot_t *next;
    const char *store_url;
    int wake_fd;
    int report_fd[2];           /* pipe of report_t */
    push_counters_t *counters;  /* NULL: not made yet, or none to be had */
    apr_proc_t *current;        /* of this generation; NULL: none */
    const glue_worker_t *conf;  /* of this generation */
    apr_time_t started;
    int deaths;                 /* at once, in a row */
} slot_t;

/* A process: the baton of its supervision. */
typedef struct child_t {
    struct child_t *next;
    apr_proc_t proc;
    slot_t *slot;               /* that it was started for */
} child_t;

typedef struct retained_t {
    slot_t *slots;
    child_t *children;          /* all that live, older ones too */
    child_t *unused;
    pid_t parent;               /* whose cleanups may touch the workers */
} retained_t;

#define RETAINED_KEY  "mod_syncml_push"

static void start_worker(slot_t *slot);

static retained_t *get_retained(void)
{
    retained_t *retained = ap_retained_data_get(RETAINED_KEY);

    if (!retained) {
        retained = ap_retained_data_create(RETAINED_KEY, sizeof *retained);
        retained->parent = getpid();
    }
    return retained;
}

static apr_status_t close_fds(void *data)
{
    slot_t *slot = data;

    close(slot->wake_fd);
    close(slot->report_fd[0]);
    close(slot->report_fd[1]);
    return APR_SUCCESS;
}

static slot_t *get_slot(server_rec *s, const char *store_url)
{
    retained_t *retained = get_retained();
    apr_pool_t *p = s->process->pool;
    slot_t *slot;

    for (slot = retained->slots; slot; slot = slot->next) {
        if (strcmp(slot->store_url, store_url) == 0) {
            return slot;
        }
    }
    slot = apr_pcalloc(p, sizeof *slot);
    slot->store_url = apr_pstrdup(p, store_url);
    slot->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (slot->wake_fd < 0
        || pipe2(slot->report_fd, O_CLOEXEC | O_NONBLOCK) != 0) {
        return NULL;
    }
    /* as much as is allowed; less is a matter of bursts only */
    fcntl(slot->report_fd[0], F_SETPIPE_SZ, REPORT_PIPE);
    apr_pool_cleanup_register(p, slot, close_fds, apr_pool_cleanup_null);
    slot->next = retained->slots;
    return retained->slots = slot;
}

int glue_worker_wake_fd(server_rec *main_server, const char *store_url)
{
    slot_t *slot = get_slot(main_server, store_url);

    return slot ? slot->wake_fd : -1;
}

int glue_worker_report_fd(server_rec *main_server, const char *store_url)
{
    slot_t *slot = get_slot(main_server, store_url);

    return slot ? slot->report_fd[1] : -1;
}

static apr_status_t unmap_counters(void *data)
{
    munmap(data, sizeof(push_counters_t));
    return APR_SUCCESS;
}

push_counters_t *glue_worker_counters(server_rec *main_server,
                                      const char *store_url)
{
    slot_t *slot = get_slot(main_server, store_url);
    void *map;

    if (slot && !slot->counters) {
        map = mmap(NULL, sizeof(push_counters_t), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (map != MAP_FAILED) {
            slot->counters = map;
            apr_pool_cleanup_register(main_server->process->pool, map,
                                      unmap_counters, apr_pool_cleanup_null);
        }
    }
    return slot ? slot->counters : NULL;
}

/* ---- in the worker's process --------------------------------------------- */

static worker_t *the_worker;
static volatile sig_atomic_t must_stop;

static void on_stop(int sig)
{
    must_stop = 1;
    if (the_worker) {
        worker_stop(the_worker);
    }
}

static void set_signals(const sigset_t *mask)
{
    static const int ignored[] = { AP_SIG_GRACEFUL, AP_SIG_GRACEFUL_STOP,
                                   SIGPIPE };
    static const int stopping[] = { SIGTERM, SIGHUP, SIGINT };
    struct sigaction sa;
    unsigned i;

    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = SIG_IGN;
    for (i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        sigaction(ignored[i], &sa, NULL);
    }
    sa.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &sa, NULL);
    sa.sa_handler = on_stop;
    for (i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        sigaction(stopping[i], &sa, NULL);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
}

static void on_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    /* httpd has no words for the store's statuses; the message has. */
    ap_log_error(APLOG_MARK, level, rv < APR_OS_START_USERERR ? rv : 0,
                 (server_rec *)baton, "%s", message);
}

/* The gateways, with commas. */
static const char *labels(const apr_array_header_t *routes, apr_pool_t *p)
{
    const char *all = "";
    int i;

    for (i = 0; i < routes->nelts; i++) {
        all = apr_pstrcat(p, all, i ? "," : "",
                          APR_ARRAY_IDX(routes, i, route_t *)->label, NULL);
    }
    return all;
}

static int run_worker(const slot_t *slot, apr_pool_t *p)
{
    const glue_worker_t *conf = slot->conf;
    worker_options_t options = {
        .store_url = conf->store_url, .key_file = conf->key_file,
        .server_id = conf->server_id, .routes = conf->routes,
        .prices = conf->rules.prices, .keep = conf->rules.keep,
        .parallel = conf->parallel, .wake_fd = slot->wake_fd,
        .report_fd = slot->report_fd[0], .log = on_log,
        .counters = conf->counters, .log_baton = conf->server
    };
    policy_rules_t rules;
    apr_status_t rv;

    glue_rules_apply(&conf->rules, &rules, p);
    options.rules = &rules;
    rv = worker_create(&the_worker, &options, p);
    if (rv == APR_SUCCESS && !must_stop) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, conf->server,
                     "push worker %ld for %s and %s starts",
                     (long)getpid(), conf->store_url, labels(conf->routes, p));
        rv = worker_run(the_worker);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, conf->server,
                     "the push worker for %s cannot run", conf->store_url);
    }
    return rv == APR_SUCCESS ? 0 : APEXIT_CHILDSICK;
}

static int worker_main(const slot_t *slot, apr_interval_time_t wait,
                       pid_t parent, const sigset_t *mask)
{
    apr_time_t until = apr_time_now() + wait;
    apr_pool_t *p;

    set_signals(mask);
    ap_close_listeners();
    apr_pool_create(&p, NULL);
    apr_pool_tag(p, "push_worker");
    if (ap_run_drop_privileges(p, ap_server_conf) != OK) {
        return APEXIT_CHILDFATAL;           /* it has said why */
    }
    /* Do not outlive a parent that was killed.  The kernel forgets this when
     * the user id changes, so it comes after that; and the parent may have
     * died before it. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        return 0;
    }
    while (!must_stop && apr_time_now() < until) {
        poll(NULL, 0, 50);
    }
    return must_stop ? 0 : run_worker(slot, p);
}

/* ---- in the parent ------------------------------------------------------ */

/* The process has been told to stop: wait until it has, for a time. */
static void await_end(pid_t pid)
{
    apr_time_t limit = apr_time_now() + STOP_PATIENCE;
    pid_t gone;

    while ((gone = waitpid(pid, NULL, WNOHANG)) == 0
           || (gone < 0 && errno == EINTR)) {
        if (apr_time_now() > limit) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, ap_server_conf,
                         "push worker %ld does not end and is killed",
                         (long)pid);
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return;
        }
        poll(NULL, 0, 5);
    }
}

/* No longer a process of ours. */
static void forget_child(child_t *child)
{
    retained_t *retained = get_retained();
    child_t **at = &retained->children;

    apr_proc_other_child_unregister(child);
    while (*at && *at != child) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = child->next;
        child->next = retained->unused;
        retained->unused = child;
    }
}

static void on_death(child_t *child, int status)
{
    slot_t *slot = child->slot;
    int was_current = slot->current == &child->proc, state;

    forget_child(child);
    if (!was_current) {
        return;                 /* an older one that has done its work */
    }
    slot->current = NULL;
    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS
        || state == AP_MPMQ_STOPPING) {
        return;
    }
    slot->deaths = apr_time_now() - slot->started < AT_ONCE
        ? slot->deaths + 1 : 1;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, slot->conf->server,
                 "push worker for %s died (%s %d), another one starts%s",
                 slot->store_url, WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status)
                 : WEXITSTATUS(status),
                 slot->deaths > 1 ? " after a while" : "");
    start_worker(slot);
}

/* Called by httpd for each of our processes.  (APR sends the wait status.) */
static void supervise(int reason, void *data, apr_wait_t status)
{
    child_t *child = data;
    pid_t pid = child->proc.pid;

    switch (reason) {
    case APR_OC_REASON_DEATH:
    case APR_OC_REASON_LOST:
        on_death(child, status);
        break;
    case APR_OC_REASON_RESTART:
        /* Stop or hard restart: nobody else tells it, and who starts httpd
         * (systemd, a test) takes the parent's end for the end of all. */
        if (child->slot->current == &child->proc) {
            child->slot->current = NULL;
        }
        forget_child(child);
        kill(pid, SIGTERM);
        await_end(pid);
        break;
    default:
        break;
    }
}

static apr_interval_time_t restart_wait(const slot_t *slot)
{
    apr_interval_time_t wait = apr_time_from_sec(1);
    int i;

    if (slot->deaths < 2) {
        return 0;
    }
    for (i = 2; i < slot->deaths && wait < MAX_WAIT; i++) {
        wait *= 2;
    }
    return wait < MAX_WAIT ? wait : MAX_WAIT;
}

static child_t *make_child(apr_pool_t *p)
{
    retained_t *retained = get_retained();
    child_t *child = retained->unused;

    if (child) {
        retained->unused = child->next;
        memset(child, 0, sizeof *child);
    }
    else {
        child = apr_pcalloc(p, sizeof *child);
    }
    child->next = retained->children;
    return retained->children = child;
}

static void start_worker(slot_t *slot)
{
    server_rec *s = slot->conf->server;
    apr_pool_t *p = s->process->pool;
    child_t *child;
    apr_interval_time_t wait = restart_wait(slot);
    pid_t parent = getpid(), pid;
    sigset_t all, mask;

    /* The parent's handlers must not run in the child. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    pid = fork();
    if (pid == 0) {
        int rc = worker_main(slot, wait, parent, &mask);

#ifdef SYNCML_COVERAGE
        __gcov_dump();
#endif
        _exit(rc);              /* the pools' cleanups are the parent's */
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid < 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s,
                     "the push worker for %s cannot be started",
                     slot->store_url);
        return;
    }
    child = make_child(p);
    child->proc.pid = pid;
    child->slot = slot;
    slot->current = &child->proc;
    slot->started = apr_time_now() + wait;
    apr_proc_other_child_register(&child->proc, supervise, child, NULL, p);
}

/* The configuration ends.  Over a graceful restart the workers end their
 * deliveries on their own while others start.  At the end of httpd most have
 * been through supervise(), but the prefork MPM's graceful stop calls it for
 * nobody. */
static apr_status_t retire(void *data)
{
    retained_t *retained = data;
    int last = ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING;
    child_t *child;
    slot_t *slot;

    if (getpid() != retained->parent) {
        return APR_SUCCESS;
    }
    for (child = retained->children; child; child = child->next) {
        kill(child->proc.pid, SIGTERM);
    }
    for (child = last ? retained->children : NULL; child;
         child = child->next) {
        await_end(child->proc.pid);
    }
    for (slot = retained->slots; slot; slot = slot->next) {
        slot->current = NULL;
        slot->deaths = 0;
    }
    return APR_SUCCESS;
}

int glue_workers_start(server_rec *main_server, apr_array_header_t *workers,
                       apr_pool_t *pconf)
{
    int i;

    apr_pool_cleanup_register(pconf, get_retained(), retire,
                              apr_pool_cleanup_null);
    for (i = 0; i < workers->nelts; i++) {
        const glue_worker_t *conf = APR_ARRAY_IDX(workers, i,
                                                  glue_worker_t *);
        slot_t *slot = get_slot(main_server, conf->store_url);

        if (!slot) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, errno, conf->server,
                         "no eventfd for the push worker of %s",
                         conf->store_url);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
        slot->conf = conf;
        start_worker(slot);
    }
    return OK;
}

/* ---- the gateway's directory -------------------------------------------- */

static int is_empty(int dir)
{
    int fd = dup(dir), n = 0;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    while (d && n < 3 && readdir(d)) {
        n++;
    }
    if (d) {
        closedir(d);
    }
    return d && n < 3;          /* "." and ".." */
}

static int may_write(const struct stat *st)
{
    uid_t uid = geteuid() ? geteuid() : ap_unixd_config.user_id;
    gid_t gid = geteuid() ? getegid() : ap_unixd_config.group_id;
    mode_t want = st->st_uid == uid ? 0300 : st->st_gid == gid ? 0030 : 0003;

    return uid == 0 || (st->st_mode & want) == want;
}

static void make_directory(const char *path, server_rec *s)
{
    struct stat st;
    int dir;

    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "SyncMLPushGateway: the directory %s cannot be made",
                     path);
        return;
    }
    dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "SyncMLPushGateway: %s is no directory that can be "
                     "opened", path);
        return;
    }
    /* Given away is only what holds nothing: new or fresh, but never the
     * /etc of a slip of the pen. */
    if (geteuid() == 0 && fstat(dir, &st) == 0 && st.st_uid == 0
        && !may_write(&st) && is_empty(dir)
        && fchown(dir, ap_unixd_config.user_id,
                  ap_unixd_config.group_id) != 0) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "SyncMLPushGateway: %s: chown", path);
    }
    if (fstat(dir, &st) == 0 && !may_write(&st)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     "SyncMLPushGateway: %s: the user %s must be allowed to "
                     "write there (chown)", path,
                     geteuid() ? "of httpd" : ap_unixd_config.user_name);
    }
    close(dir);
}

void glue_worker_directories(const glue_worker_t *worker)
{
    int i;

    for (i = 0; i < worker->routes->nelts; i++) {
        const gateway_t *gw = APR_ARRAY_IDX(worker->routes, i,
                                            route_t *)->gateway;

        if (gw->directory) {
            make_directory(gw->directory, worker->server);
        }
    }
}
