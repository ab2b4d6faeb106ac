"""The jobs of the tests of EOM's Dagster engine."""

import time

import dagster as dg
from eom_dagster import EomSession


@dg.executor(config_schema=dg.in_process_executor.config_schema)
def slow_to_start_executor(init_context: dg.InitExecutorContext) -> dg.Executor:
    """Delays the run before it is STARTED."""
    time.sleep(6)
    return dg.in_process_executor.executor_creation_fn(init_context)


@dg.op
def say(context: dg.OpExecutionContext) -> None:
    print("This is written by ok")
    context.add_output_metadata({"scenes": 3})


@dg.op
def load() -> None:
    raise Exception("No such scene")


@dg.op
def wait() -> None:
    while True:
        time.sleep(0.1)


class LimitConfig(dg.Config):
    limit: int


@dg.op
def take(context: dg.OpExecutionContext, config: LimitConfig) -> None:
    context.add_output_metadata({"limit": config.limit})


@dg.op
def report(context: dg.OpExecutionContext, eom: EomSession) -> None:
    context.add_output_metadata({"session_id": eom.session_id, "options": dg.MetadataValue.json(eom.options)})


def make_job(
    name: str, op: dg.OpDefinition, executor: dg.ExecutorDefinition = dg.in_process_executor
) -> dg.JobDefinition:
    return dg.GraphDefinition(name=name, node_defs=[op]).to_job(executor_def=executor)


defs = dg.Definitions(
    jobs=[
        make_job("ok", say),
        make_job("fail", load),
        make_job("hang", wait),
        make_job("slow_hang", wait, slow_to_start_executor),
        make_job("configured", take),
        make_job("session_report", report),
        # As in most jobs, each step has a process of its own.
        make_job("hang_in_step_process", wait, dg.multiprocess_executor),
    ],
    resources={"eom": EomSession.configure_at_launch()},
)
