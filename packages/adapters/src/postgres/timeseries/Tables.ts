import { blockSize, eachMetric, metricColumns, startOf } from "./Columns.ts"

/**
 * Series have numbers in the order of their first points. Points are in partitions (or chunks of a hypertable) by time.
 * A row of hours holds a day of a series: the hours that have points, and for each metric one summary per hour; a row of
 * days holds one summary per metric. A summary is {first, last, min, max, sum, count}, or in rows of hours, when no hour has
 * more than one point, its figure alone; weeks and months follow from days.
 */
const tables = `
CREATE TABLE influscope.series (
  number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE
);

-- From when each level is kept (epoch seconds). The generation counts the series that were forgotten.
CREATE TABLE influscope.series_state (
  generation bigint NOT NULL, raw bigint NOT NULL, hour bigint NOT NULL, day bigint NOT NULL, week bigint NOT NULL,
  month bigint NOT NULL
);
INSERT INTO influscope.series_state VALUES (0, 0, 0, 0, 0, 0);
-- Or it would be taken for a large one, and every plan with it for a slow one.
ANALYZE influscope.series_state;

CREATE TABLE influscope.series_hours (
  series integer NOT NULL, day bigint NOT NULL, hours integer[] NOT NULL, ${eachMetric((metric) => `${metric} float8[]`)},
  PRIMARY KEY (series, day)
);
CREATE INDEX series_hours_by_day ON influscope.series_hours (day, series);

CREATE TABLE influscope.series_days (
  series integer NOT NULL, day bigint NOT NULL, ${eachMetric((metric) => `${metric} float8[]`)},
  PRIMARY KEY (series, day)
);
CREATE INDEX series_days_by_day ON influscope.series_days (day, series);

-- Days of which rollups do not have all points of a block. Rows are only added and removed, so that no writer waits
-- for another, and what is added while a day is rolled up stays.
CREATE TABLE influscope.series_dirty (block integer NOT NULL, day bigint NOT NULL)
WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX series_dirty_by_block ON influscope.series_dirty (block, day);

-- Points by their day; a shard for every connection, as in outbox_topics.
CREATE TABLE influscope.series_counts (
  day bigint NOT NULL, shard integer NOT NULL, points bigint NOT NULL, PRIMARY KEY (day, shard)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
`

/**
 * late: observed_at - time, modulo 2^32, so that it fits. TimescaleDB is used where it is installed, or can be by who asks; a
 * server that has not loaded it ends the connection that tries.
 */
const points = `
DO $points$
BEGIN
  CREATE TABLE influscope.points_shape (
    time bigint NOT NULL, series integer NOT NULL, late integer NOT NULL, ${eachMetric((metric) => `${metric} bigint`)}
  );
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') OR (
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
    AND EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%timescaledb%')
    AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  ) THEN
    CREATE EXTENSION IF NOT EXISTS timescaledb;
    CREATE TABLE influscope.points (LIKE influscope.points_shape, PRIMARY KEY (series, time));
    PERFORM create_hypertable('influscope.points', 'time', chunk_time_interval => 86400::bigint,
      create_default_indexes => false);
    ALTER TABLE influscope.points SET (
      timescaledb.compress, timescaledb.compress_segmentby = 'series', timescaledb.compress_orderby = 'time'
    );
  ELSE
    CREATE TABLE influscope.points (LIKE influscope.points_shape, PRIMARY KEY (series, time))
    PARTITION BY RANGE (time);
    CREATE INDEX points_by_time ON influscope.points USING brin (time) WITH (autosummarize = on);
  END IF;
  DROP TABLE influscope.points_shape;
END $points$;
`

/**
 * Partitions are called points_<from>_<to>. They are attached, not made as parts: that would hold up every reader and
 * writer. A day that has none gets one: of its own from `live` on, else with the rest of its month, as far as that is free.
 */
const partitions = `
CREATE FUNCTION influscope.points_partitions(OUT name text, OUT starts bigint, OUT ends bigint) RETURNS SETOF record
LANGUAGE sql STABLE AS $function$
  SELECT relname, split_part(relname, '_', 2)::bigint, split_part(relname, '_', 3)::bigint
  FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
  WHERE inhparent = 'influscope.points'::regclass AND relispartition
$function$;

CREATE FUNCTION influscope.cover_days(days bigint[], live bigint) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  wanted bigint;
  starts_at bigint;
  ends_at bigint;
  name text;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = 'influscope.points'::regclass) <> 'p' THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(4861279153);
  FOR wanted IN
    SELECT DISTINCT day FROM unnest(days) day WHERE day >= (SELECT raw FROM influscope.series_state) ORDER BY day
  LOOP
    CONTINUE WHEN EXISTS (
      SELECT FROM influscope.points_partitions() WHERE starts <= wanted AND ends > wanted
    );
    starts_at := CASE WHEN wanted >= live THEN wanted ELSE ${startOf.month("wanted")} END;
    ends_at := CASE WHEN wanted >= live THEN wanted + 86400 ELSE ${startOf.month("(starts_at + 32 * 86400)")} END;
    SELECT greatest(starts_at, max(ends) FILTER (WHERE ends <= wanted)),
      least(ends_at, min(starts) FILTER (WHERE starts > wanted))
    INTO starts_at, ends_at FROM influscope.points_partitions();
    name := format('points_%s_%s', starts_at, ends_at);
    EXECUTE format('CREATE TABLE influscope.%I (LIKE influscope.points INCLUDING ALL)', name);
    EXECUTE format('ALTER TABLE influscope.points ATTACH PARTITION influscope.%I FOR VALUES FROM (%s) TO (%s)',
      name, starts_at, ends_at);
  END LOOP;
END $function$;

-- Gives up soon when somebody reads for long: others queue behind this.
CREATE FUNCTION influscope.drop_old_points() RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  kept bigint := (SELECT raw FROM influscope.series_state);
  old text;
BEGIN
  PERFORM set_config('lock_timeout', '2s', true);
  IF (SELECT relkind FROM pg_class WHERE oid = 'influscope.points'::regclass) <> 'p' THEN
    PERFORM drop_chunks('influscope.points', older_than => kept);
  ELSE
    FOR old IN SELECT name FROM influscope.points_partitions() WHERE ends <= kept LOOP
      EXECUTE format('DROP TABLE influscope.%I', old);
    END LOOP;
  END IF;
  DELETE FROM influscope.series_counts WHERE day < kept;
END $function$;
`

/**
 * Locks, in the order in which they are taken. Writers share the first, and whoever changes what they rely on (the state)
 * has it alone; who changes rollups holds the second.
 */
const writing = "4861279151"
const rolling = "4861279152"

interface Parts {
  /** What is summarised; null where it has none of the metric. */
  readonly present: string
  /** What orders it. */
  readonly at: string
  readonly first: string
  readonly last: string
  readonly min: string
  readonly max: string
  readonly sum: string
  readonly count: string
}

/** An aggregate: the summary of a group, null when nothing in it has the metric. */
const summary = ({ at, count, first, last, max, min, present, sum }: Parts): string => {
  const has = `FILTER (WHERE ${present} IS NOT NULL)`
  return `CASE WHEN count(${present}) > 0 THEN ARRAY[
    (min(ARRAY[${at}, ${first}]) ${has})[2], (max(ARRAY[${at}, ${last}]) ${has})[2],
    min(${min}), max(${max}), sum(${sum}), ${count}]::float8[] END`
}

const summaryOfPoints = (metric: string): string =>
  summary({
    present: metric,
    at: "time",
    first: metric,
    last: metric,
    min: metric,
    max: metric,
    sum: `${metric}::float8`,
    count: `count(${metric})`
  })

const summaryOfHours = (metric: string): string =>
  summary({
    present: metric,
    at: "hour::float8",
    first: `${metric}[1]`,
    last: `${metric}[2]`,
    min: `${metric}[3]`,
    max: `${metric}[4]`,
    sum: `${metric}[5]`,
    count: `sum(${metric}[6])`
  })

/** Rolls points up: rows of a series, a day and an hour of it (0 to 23), with a summary of each metric or null. */
const byHour = (source: string, condition = "true"): string => `
  SELECT series, ${startOf.day("time")} AS day, (time % 86400 / 3600)::integer AS hour,
    ${eachMetric((metric) => `${summaryOfPoints(metric)} AS ${metric}`)}
  FROM ${source} WHERE ${condition} GROUP BY 1, 2, 3`

const noSummary = "'{NULL,NULL,NULL,NULL,NULL,NULL}'::float8[]"

const replace = (columns: ReadonlyArray<string>): string =>
  `ON CONFLICT (series, day) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`

/** Stores what `hourly` has, which is all hours of its days. */
const storeHours = `
    INSERT INTO influscope.series_hours (series, day, hours, ${metricColumns.join(", ")})
    SELECT series, day, array_agg(hour ORDER BY hour), ${eachMetric(
      (metric) =>
        `CASE WHEN count(${metric}) = 0 THEN NULL
          WHEN bool_and(${metric}[6] = 1) THEN array_agg(${metric}[1] ORDER BY hour)
          ELSE array_agg(coalesce(${metric}, ${noSummary}) ORDER BY hour) END`
    )}
    FROM hourly GROUP BY series, day
    ${replace(["hours", ...metricColumns])}`

const storeDays = `
    INSERT INTO influscope.series_days (series, day, ${metricColumns.join(", ")})
    SELECT series, day, ${eachMetric(summaryOfHours)} FROM hourly GROUP BY series, day
    ${replace(metricColumns)}`

const pointColumns = ["time", "series", "late", ...metricColumns]

/** The given points; several `unnest` in a list go on in step, and are quicker there than behind FROM. */
const given = `(SELECT ${pointColumns.map((column) => `unnest(p_${column}) AS ${column}`).join(", ")}) given`

/** Adds to the counts of days; in the order of days, so that none waits in a circle. */
const addCounts = (day: string, points: string, source: string): string => `
    INSERT INTO influscope.series_counts AS total (day, shard, points)
    SELECT ${day}, pg_backend_pid() % 32, ${points} FROM ${source} GROUP BY 1 ORDER BY 1
    ON CONFLICT (day, shard) DO UPDATE SET points = total.points + excluded.points`

const insertPoints = `
    INSERT INTO influscope.points (${pointColumns.join(", ")})
    SELECT * FROM ${given} WHERE time >= kept.raw`

/**
 * Points in the order of series and time (of two that are the same, the first counts), and the blocks and days they are
 * in, with how many each has. Answers how many were new; -1, and writes nothing, when only new ones were to be written and some
 * are not, or are older than points are kept; null when series were forgotten since the numbers were read.
 * Nearly always all points are new: to insert them as if they were is much quicker than to look.
 */
const write = `
CREATE FUNCTION influscope.write_points(
  p_only_new boolean, p_generation bigint, p_blocks integer[], p_days bigint[], p_counts integer[],
  p_time bigint[], p_series integer[], p_late integer[],
  ${eachMetric((metric) => `p_${metric} bigint[]`)}
) RETURNS integer LANGUAGE plpgsql AS $function$
DECLARE
  kept influscope.series_state;
  young integer := 0;
  old integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(${writing});
  SELECT * INTO kept FROM influscope.series_state;
  IF kept.generation <> p_generation THEN RETURN NULL; END IF;

  IF (SELECT min(day) FROM unnest(p_days) day) < kept.raw THEN
    IF p_only_new THEN RETURN -1; END IF;
    PERFORM pg_advisory_xact_lock(${rolling});
    WITH single AS (
      SELECT DISTINCT ON (series, time) * FROM (SELECT *, row_number() OVER () AS place FROM ${given}) numbered
      WHERE time < kept.raw ORDER BY series, time, place
    ), placed AS (
      SELECT single.*, bucket.* FROM single CROSS JOIN LATERAL (
        SELECT level, starts, ends FROM (VALUES
          (1, ${startOf.hour("time")}, ${startOf.hour("time")} + 3600, kept.hour),
          (2, ${startOf.day("time")}, ${startOf.day("time")} + 86400, kept.day),
          (3, ${startOf.week("time")}, ${startOf.week("time")} + 604800, kept.week),
          (4, ${startOf.month("time")}, ${startOf.month(`(${startOf.month("time")} + 32 * 86400)`)}, kept.month)
        ) AS bucket(level, starts, ends, kept_from) WHERE starts >= kept_from ORDER BY level LIMIT 1
      ) bucket
    ), accepted AS (
      SELECT * FROM placed WHERE NOT CASE level WHEN 1 THEN EXISTS (
        SELECT FROM influscope.series_hours stored WHERE stored.series = placed.series
          AND stored.day = ${startOf.day("placed.time")} AND (placed.time % 86400 / 3600)::integer = ANY (stored.hours)
      ) ELSE EXISTS (
        SELECT FROM influscope.series_days stored
        WHERE stored.series = placed.series AND stored.day >= placed.starts AND stored.day < placed.ends
      ) OR EXISTS (
        SELECT FROM influscope.points stored WHERE stored.series = placed.series
          AND stored.time >= greatest(placed.starts, kept.raw) AND stored.time < placed.ends
      ) END
    ), added AS (${byHour("accepted")}
    ), hourly AS (
      SELECT * FROM added UNION ALL
      SELECT series, day, hours[place], ${eachMetric(
        (metric) =>
          `CASE WHEN ${metric}[place] IS NOT NULL THEN array_fill(${metric}[place], ARRAY[5]) || 1::float8
            WHEN ${metric}[place][6] > 0 THEN ARRAY[${[1, 2, 3, 4, 5, 6]
              .map((part) => `${metric}[place][${part}]`)
              .join(", ")}] END`
      )}
      FROM influscope.series_hours CROSS JOIN LATERAL generate_subscripts(hours, 1) place
      WHERE (series, day) IN (SELECT series, day FROM added)
    ), stored_hours AS (${storeHours}
    ), stored_days AS (${storeDays}
    )
    SELECT count(*) INTO old FROM accepted;
  END IF;

  BEGIN${insertPoints};
    GET DIAGNOSTICS young = ROW_COUNT;
${addCounts("day", "sum(count)", "unnest(p_days, p_counts) AS touched(day, count) WHERE day >= kept.raw")};
  EXCEPTION WHEN unique_violation THEN
    IF p_only_new THEN RETURN -1; END IF;
    WITH added AS (${insertPoints}
      ON CONFLICT DO NOTHING RETURNING time
    ), counted AS (${addCounts(startOf.day("time"), "count(*)", "added")}
    )
    SELECT count(*) INTO young FROM added;
  END;
  IF young > 0 THEN
    INSERT INTO influscope.series_dirty (block, day)
    SELECT block, day FROM unnest(p_blocks, p_days) AS touched(block, day) WHERE day >= kept.raw;
  END IF;
  RETURN young + old;
END $function$;
`

/** roll_up takes on days that end by `until`, for about a second; it answers whether there may be more. */
const upkeep = `
CREATE FUNCTION influscope.roll_up(until bigint) RETURNS boolean LANGUAGE plpgsql AS $function$
DECLARE
  began timestamptz := clock_timestamp();
  dirty record;
BEGIN
  PERFORM pg_advisory_xact_lock(${rolling});
  FOR dirty IN SELECT DISTINCT block, day FROM influscope.series_dirty WHERE day < until LIMIT 1000 LOOP
    IF clock_timestamp() > began + interval '1 second' THEN RETURN true; END IF;
    -- First: points that come in between leave a mark of their own.
    DELETE FROM influscope.series_dirty WHERE block = dirty.block AND day = dirty.day;
    WITH hourly AS (${byHour(
      "influscope.points",
      `series >= dirty.block * ${blockSize} AND series < (dirty.block + 1) * ${blockSize}
        AND time >= dirty.day AND time < dirty.day + 86400`
    )}
    ), stored_hours AS (${storeHours}
    )${storeDays};
  END LOOP;
  RETURN FOUND;
END $function$;

CREATE FUNCTION influscope.forget_series(p_id text) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
  forgotten integer;
BEGIN
  PERFORM pg_advisory_xact_lock(${writing}), pg_advisory_xact_lock(${rolling});
  DELETE FROM influscope.series WHERE id = p_id RETURNING number INTO forgotten;
  IF forgotten IS NULL THEN RETURN; END IF;
  UPDATE influscope.series_state SET generation = generation + 1;
${addCounts(startOf.day("time"), "-count(*)", "influscope.points WHERE series = forgotten AND time >= (SELECT raw FROM influscope.series_state)")};
  DELETE FROM influscope.points WHERE series = forgotten;
  DELETE FROM influscope.series_hours WHERE series = forgotten;
  DELETE FROM influscope.series_days WHERE series = forgotten;
END $function$;

-- False when points that are to be dropped are not all rolled up.
CREATE FUNCTION influscope.keep_series_from(
  p_raw bigint, p_hour bigint, p_day bigint, p_week bigint, p_month bigint
) RETURNS boolean LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM pg_advisory_xact_lock(${writing});
  IF EXISTS (SELECT FROM influscope.series_dirty WHERE day < p_raw) THEN RETURN false; END IF;
  UPDATE influscope.series_state SET raw = greatest(raw, p_raw), hour = greatest(hour, p_hour),
    day = greatest(day, p_day), week = greatest(week, p_week), month = greatest(month, p_month);
  RETURN true;
END $function$;
`

export const timeSeriesTables = `${tables}${points}${partitions}${write}${upkeep}`
