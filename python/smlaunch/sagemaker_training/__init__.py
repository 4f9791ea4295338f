# SPDX-License-Identifier: Apache-2.0
"""The Python interfaces that the SageMaker Training Toolkit's README promises, without the toolkit.

>>> from smlaunch.sagemaker_training import environment, entry_point
>>> env = environment.Environment()
>>> entry_point.run(env.module_dir, env.user_entry_point, env.to_cmd_args(), env.to_env_vars())
"""
